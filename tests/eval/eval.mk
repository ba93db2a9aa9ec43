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
