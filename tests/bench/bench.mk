# The bench's Python packages; PyTorch, which exports the network to ONNX, is Debian's.
BENCH_VENV := build/bench-venv
BENCH_ARGS ?=
# "chrt -f 10" measures on a machine that has other work.
BENCH_PREFIX ?=
BENCH_TOOLS = $(BUILD)/bench/bench_forward $(BUILD)/bench/sgemm

$(BENCH_VENV)/.ready: tests/bench/requirements.txt
	$(PYTHON) -m venv --system-site-packages $(BENCH_VENV)
	$(BENCH_VENV)/bin/pip install --quiet --disable-pip-version-check -r tests/bench/requirements.txt
	@touch $@

bench: train-deps  ## measure against the targets and ONNX Runtime (SCANS_DIR=, BENCH_PREFIX=)
	@$(MAKE) --no-print-directory all $(BENCH_TOOLS) $(BENCH_VENV)/.ready
	@$(BENCH_PREFIX) $(BENCH_VENV)/bin/python tests/bench/bench.py --build $(BUILD) $(BENCH_ARGS)

.PHONY: bench
