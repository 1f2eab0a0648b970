# Each target does all it needs by itself; dev.py is the whole story and runs without make, too.
# Words for pytest or the demo: make test ARGS="-k won"

PYTHON ?= python3
ARGS ?=

.PHONY: install demo test check format

install demo test check format:
	@$(PYTHON) dev.py $@ $(ARGS)
