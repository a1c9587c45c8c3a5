# SPDX-License-Identifier: GPL-2.0
#
#   make modules lib       the module for KDIR, libcpg and the tools
#   make setup             packages and test kernels, cached; kernels: these only
#   make check             static checks
#   make sim selftests     the simulator; the tests that need no kernel
#   make sim SEEDS=1..5000 NODES=5 EVENTS=2000
#   make coverage          how much of the engine the tests run, and what not
#   make demo              three nodes in one guest
#   make test              everything, in every lane
#   make conformance       ours and corosync's, statement by statement
#   make differ SEEDS=1..50 random scripts on both, streams compared
#   make bench             how fast: ours, corosync, TIPC and bare UDP

KDIR ?= /lib/modules/$(shell uname -r)/build

all: modules lib

modules:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

lib:
	$(MAKE) -C userspace

install:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules_install
	$(MAKE) -C userspace install

dkms-install:
	dkms install $(CURDIR)

check:
	selftests/checks/run

# With SEEDS=A..B these, and NODES, EVENTS, LOSS, FAULTS, JOBS, CHECK and
# SIM_ARGS.
sim:
	$(MAKE) -C selftests/sim $(if $(SEEDS),run,run_tests)

selftests:
	$(MAKE) -C selftests run_tests

coverage:
	$(MAKE) -C selftests/coverage run_tests

setup:
	selftests/qemu/setup

kernels:
	selftests/qemu/setup packages kernels

demo: setup
	selftests/demo/run

test:
	selftests/run_tests

conformance: setup
	selftests/conformance/run

differ:
	selftests/qemu/setup packages src um
	selftests/differ/run $(if $(SEEDS),--seeds $(SEEDS))

programs: setup
	selftests/programs/run

bench: setup
	selftests/bench/run

clean:
	$(MAKE) -C $(KDIR) M=$(CURDIR) clean
	$(MAKE) -C userspace clean
	$(MAKE) -C selftests clean
	rm -rf build

.PHONY: all modules lib install dkms-install check sim selftests coverage \
	setup kernels demo test conformance differ programs \
	bench clean
