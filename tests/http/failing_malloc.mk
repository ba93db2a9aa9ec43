$(BUILD)/curvelogd-failing: $(OBJ) tests/http/failing_malloc.c
	$(call quiet,LD)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup -o $@ $^ $(ALL_LIBS)
