"""Synthetic well-log scans with curve labels, to train CurveNet on."""
from .page import make_page, make_scan

__all__ = ["make_page", "make_scan"]
