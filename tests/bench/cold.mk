bench-cold: all $(VENV)/.ready  ## measure cold starts, weights from a mount of 300 MB/s
	$(VENV)/bin/python tests/bench/cold.py $(BUILD)/curvelogd

.PHONY: bench-cold
