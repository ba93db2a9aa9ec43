# Everything is built under build/ (and build-asan/ for the sanitizers).
BUILD   ?= build
CC      ?= cc
PORT    ?= 8080
JOBS    := $(shell nproc)
SUDO    := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

PKGS    := libmicrohttpd libtiff-4 libpng libcurl libcrypto libcjson
CFLAGS  ?= -O2 -g
WARN    := -std=c17 -Wall -Wextra -Werror -Wvla -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith
DEFS    := -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64
BLAS_CFLAGS = $(shell pkg-config --cflags openblas 2>/dev/null)
BLAS_LIBS   = $(shell pkg-config --libs openblas 2>/dev/null || echo -lopenblas)
ALL_CFLAGS   = $(WARN) $(DEFS) -I. -pthread -fno-math-errno $(shell pkg-config --cflags $(PKGS)) $(BLAS_CFLAGS) $(CFLAGS)
ALL_LIBS     = $(shell pkg-config --libs $(PKGS)) $(BLAS_LIBS) -pthread -lm

# V=1 shows whole commands.
ifeq ($(V),)
quiet = @printf '  %-4s %s\n' $(1) $@;
endif

SRC     := $(wildcard base/*.c nn/*.c nn/x86/*.c nn/arm/*.c postproc/*.c server/*.c)
OBJ     := $(SRC:%.c=$(BUILD)/%.o)
LIB_OBJ := $(filter-out $(BUILD)/server/main.o,$(OBJ))
UNIT    := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_*.c))
KERNELS := $(patsubst tests/kernels/%.c,$(BUILD)/kernels/%,$(wildcard tests/kernels/test_*.c))

all: $(BUILD)/curvelogd  ## build the server

help:  ## show the targets
	@awk -F':.*## ' '/^[a-z][a-z0-9-]*:.*## /{printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST) | sort

deps:  ## install what building and running need (apt, with sudo when not root)
	@sh deploy/deps.sh run

run: deps  ## set up, build and start on http://localhost:8080
	@$(MAKE) --no-print-directory -j$(JOBS) all
	PORT=$(PORT) $(BUILD)/curvelogd

$(BUILD)/curvelogd: $(OBJ)
	$(call quiet,LD)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(ALL_LIBS)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) $(ALL_CFLAGS) $(FILE_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/nn/x86/%_avx2.o:   FILE_CFLAGS = -mavx2 -mfma
$(BUILD)/nn/x86/%_avx512.o: FILE_CFLAGS = -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx2 -mfma

$(BUILD)/unit/%: tests/unit/%.c $(LIB_OBJ)
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $(LIB_OBJ) $(ALL_LIBS) -lcmocka

$(BUILD)/kernels/%: tests/kernels/%.c $(LIB_OBJ)
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $(LIB_OBJ) $(ALL_LIBS) -lcmocka

$(BUILD)/bench/%: tests/bench/%.c $(LIB_OBJ)
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $(LIB_OBJ) $(ALL_LIBS)

unit: $(UNIT) $(KERNELS)  ## build and run the C unit and kernel tests
	@sh tests/run_unit.sh $^

ASAN_FLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
asan-unit:  ## the C tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@$(MAKE) --no-print-directory -j$(JOBS) unit BUILD=build-asan CFLAGS="$(ASAN_FLAGS)"

clean:  ## remove what was built
	rm -rf build build-asan

-include $(wildcard */*.mk */*/*.mk)
-include $(OBJ:.o=.d)

.PHONY: all help deps run unit asan-unit clean
