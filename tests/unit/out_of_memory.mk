# The test fails the n-th allocation of the project's own objects.
$(BUILD)/unit/test_out_of_memory: LDFLAGS += -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
