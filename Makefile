# SPDX-License-Identifier: GPL-2.0-only
#
# The user's door: every target hands over to a script, see `make help`.
# kbuild reads Kbuild beside this file and never this one.

KDIR ?= /lib/modules/$(shell uname -r)/build
ONLY ?=
SOAK ?= 20
FUZZ_SECONDS ?= 300
FILES ?=
N ?= 100
SEED ?= 1
PREFIX ?= /usr/local

.DEFAULT_GOAL := all

.PHONY: all
all: modules tool

.PHONY: modules
modules:
ifdef KERNEL
	@scripts/build-modules $(KERNEL)
else
	@scripts/build-modules --kdir $(KDIR)
endif

.PHONY: tool
tool:
	@scripts/build-tool

.PHONY: demo
demo:
	@scripts/build-for-lab stock
	@tests/demo
	@tests/demo-volumes

.PHONY: check
check:
	@scripts/deps build
	@tests/run $(if $(ONLY),--only '$(ONLY)')

.PHONY: model
model:
	@scripts/deps check
	@tests/model/run $(ONLY)

.PHONY: mutate
mutate:
	@scripts/deps build
	@tests/mutate/run --files '$(FILES)' --count '$(N)' --seed '$(SEED)'

.PHONY: sim
sim:
	@scripts/deps build
	@tests/sim/run --build $(if $(SEED),--seed '$(SEED)') $(if $(RUNS),--runs '$(RUNS)')

.PHONY: soak
soak:
	@scripts/deps build
ifdef HOURS
	@tests/sim/run --build --seed "$$(date +%s)" --hours '$(HOURS)'
else
	@LONG=1 FUZZ_SECONDS=$(FUZZ_SECONDS) tests/run --repeat $(SOAK) --only '$(or $(ONLY),scenarios,fuzz)'
endif

.PHONY: bench
bench:
	@scripts/build-for-lab stock
	@tests/bench/run

.PHONY: lab
lab:
	@scripts/try-lab

.PHONY: install
install: tool
	@PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) scripts/install

.PHONY: clean
clean:
	@rm -rf build

.PHONY: help
help:
	@cat scripts/help.txt
