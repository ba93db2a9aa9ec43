# These tests fail the n-th allocation of the project's own objects (failing_alloc.h).
$(addprefix $(BUILD)/unit/,test_network_memory test_out_of_memory test_server_memory): \
  LDFLAGS += -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup
