# Scores of the whole server on held-out synthetic scans; with EVAL_DIR and SCANS_DIR on others too.
EVAL_N    ?= 1
EVAL_SEED ?= 1
URL       ?=
EVAL_DIR  ?=
SCANS_DIR ?=
LAS_DIR   ?=
EVAL_CASES = $(BUILD)/eval/cases-$(EVAL_SEED)-$(EVAL_N)$(if $(LAS_DIR),-las)

.PHONY: eval
eval: deps-test $(if $(URL),,all) $(VENV)/.ready  ## score a server (URL=, or its own) on held-out scans (EVAL_N=, EVAL_SEED=)
	@rm -rf $(EVAL_CASES)
	$(VENV)/bin/python tests/eval/make_cases.py --out $(EVAL_CASES) --seed $(EVAL_SEED) --n $(EVAL_N) \
	  $(if $(LAS_DIR),--las-dir $(LAS_DIR))
	EVAL_DIR=$(EVAL_DIR) SCANS_DIR=$(SCANS_DIR) $(VENV)/bin/python tests/eval/evaluate_server.py $(EVAL_CASES) \
	  $(or $(URL),--start --binary $(BUILD)/curvelogd) --json $(BUILD)/eval/scores.json

# Seeds that `make eval` does not use; random curves, and with LAS_DIR also those of LAS files.
FIT_SEEDS     = 101 103
FIT_LAS_SEEDS = 102 104
FIT_CASES     = $(FIT_SEEDS:%=$(BUILD)/eval/fit-%) $(if $(LAS_DIR),$(FIT_LAS_SEEDS:%=$(BUILD)/eval/fit-%-las))

$(BUILD)/eval/curvelogd-features: tests/eval/dump_features.c $(OBJ)
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -MMD -MP -Wl,--wrap=finish_confidence -o $@ $< $(OBJ) $(ALL_LIBS)

$(BUILD)/eval/fit-%: $(VENV)/.ready
	$(VENV)/bin/python tests/eval/make_cases.py --out $@ --seed $(firstword $(subst -, ,$*)) \
	  $(if $(findstring -las,$@),--las-dir $(LAS_DIR))

.PHONY: confidence
confidence: deps-test $(VENV)/.ready $(BUILD)/eval/curvelogd-features  ## fit the confidence anew to the network and the tracing (LAS_DIR=)
	@rm -rf $(FIT_CASES)
	@$(MAKE) --no-print-directory $(FIT_CASES)
	$(VENV)/bin/python tests/eval/fit_confidence.py --binary $(BUILD)/eval/curvelogd-features \
	  --write postproc/trace_confidence.c $(FIT_CASES)
