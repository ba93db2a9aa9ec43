# What the page ships that is made or fetched: the sample scan, and OpenSeadragon's built copy.  Both are
# committed, so that building and running need neither Python nor npm.
OPENSEADRAGON = static/vendor/openseadragon

sample:  ## draw the page's sample scan anew
	cd nn/train && $(PYTHON) -m synth.demo --out ../../static/sample

vendor:  ## fetch the page's libraries from npm anew
	npm install --no-save --no-audit --no-fund --prefix $(BUILD)/npm ./static
	cp $(BUILD)/npm/node_modules/openseadragon/build/openseadragon/openseadragon.min.js \
	   $(BUILD)/npm/node_modules/openseadragon/LICENSE.txt $(OPENSEADRAGON)/

.PHONY: sample vendor
