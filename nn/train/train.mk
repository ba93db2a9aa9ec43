# Training of CurveNet. The state file is resumed when it is there.
LAS_DIR ?=
STEPS ?= 20000
OUT ?= weights/curvenet.safetensors
STATE ?= nn/train/state/curvenet.pt
TRAIN_PYTHON ?= /usr/bin/python3
# Further flags of train.py; --bf16-until 0.8 halves the time where PyTorch 2 and AVX-512 are. On a GPU:
# --device cuda --crops large --workers CORES --share 0.8 --bf16-until 0.95 --lr 3e-3 (--compile for long runs).
# From such a state a few cores go on with --crops wide.
TRAIN_ARGS ?=
TRAIN_METRICS = build/train-metrics.json

# Without an allocator that keeps its pages a training step on a CPU takes many times longer.
tcmalloc = $$(/sbin/ldconfig -p | sed -n 's/.*libtcmalloc_minimal.so.4 .*=> //p' | head -1)

.PHONY: train-deps train

train-deps:
	@sh deploy/deps.sh train

train: train-deps ## train CurveNet, score and export it (LAS_DIR=, STEPS=, OUT=, STATE=)
	mkdir -p build
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE LD_PRELOAD=$(tcmalloc) nice -n 19 \
	  $(TRAIN_PYTHON) nn/train/train.py --state $(STATE) --steps $(STEPS) $(TRAIN_ARGS) \
	  $(if $(LAS_DIR),--las-dir $(LAS_DIR))
	$(TRAIN_PYTHON) nn/train/export.py --state $(STATE) --out $(OUT)
	$(TRAIN_PYTHON) nn/train/evaluate.py --checkpoint $(OUT) --out $(TRAIN_METRICS) \
	  $(if $(LAS_DIR),--las-dir $(LAS_DIR))
	$(TRAIN_PYTHON) nn/train/export.py --state $(STATE) --out $(OUT) --metrics $(TRAIN_METRICS)

# The corrector learns from what the server's own tracing makes of synthetic pages (nn/train/corrector.py).
CORRECTOR_ARGS ?=

$(BUILD)/train/curvelogd-inputs: nn/train/dump_inputs.c $(OBJ)
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -MMD -MP -Wl,--wrap=trace_correct -o $@ $< $(OBJ) $(ALL_LIBS)

.PHONY: corrector
corrector: deps-test $(VENV)/.ready $(BUILD)/train/curvelogd-inputs  ## train the checkpoint's corrector anew (LAS_DIR=, OUT=)
	$(VENV)/bin/python nn/train/corrector.py --binary $(BUILD)/train/curvelogd-inputs --checkpoint $(OUT) \
	  $(CORRECTOR_ARGS) $(if $(LAS_DIR),--las-dir $(LAS_DIR))
