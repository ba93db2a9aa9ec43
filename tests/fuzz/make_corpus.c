/* Writes one small TIFF of every kind into a folder: the seeds of the scan fuzzer. `make_corpus FOLDER` */
#include <limits.h>

#include "tests/unit/scan_tiffs.h"

int main(int argc, char **argv)
{
    char path[PATH_MAX];
    if (argc != 2)
        return 2;
    for (int i = 0; i < TIFF_KINDS; i++) {
        struct tiff_spec spec = tiff_kinds[i];
        spec.width = spec.tile_width || spec.compression == COMPRESSION_JPEG ? 48 : 27;
        spec.height = 18;
        spec.orientation = (uint16_t)(i % 9);
        snprintf(path, sizeof path, "%s/%s.tif", argv[1], spec.name);
        if (!tiff_write(path, &spec))
            return 1;
    }
    return 0;
}
