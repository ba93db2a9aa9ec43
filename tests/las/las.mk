$(BUILD)/las/write_las: tests/las/write_las.c $(LIB_OBJ)
	@mkdir -p $(@D)
	@echo "  ld    $@"
	@$(CC) $(ALL_CFLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $(LIB_OBJ) $(ALL_LIBS)

pytest: $(BUILD)/las/write_las
