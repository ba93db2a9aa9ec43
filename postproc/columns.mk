# Loops over the columns of every row take vectors only at this level.
$(BUILD)/postproc/trace_path.o $(BUILD)/postproc/trace_evidence.o $(BUILD)/postproc/overlay.o: FILE_CFLAGS = -O3
