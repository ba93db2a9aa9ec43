# The test fails the n-th allocation of the project's own objects.
$(BUILD)/unit/test_network_memory: LDFLAGS += -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
