#include "server/store.h"

#include <string.h>

#include "server/config.h"
#include "server/store_dir.h"
#include "server/store_s3.h"

enum err_code store_open(struct store **out, const struct config *config, struct err *e)
{
    if (strncmp(config->store, "s3://", 5) == 0) {
        struct store_s3_config s3 = {
            .url = config->store,
            .endpoint = config->s3_endpoint,
            .public_endpoint = config->s3_public_endpoint,
            .virtual_host = config->s3_virtual_host,
            .region = config->aws_region,
            .tmp_dir = config->tmp_dir,
            .result_url_s = (int)config->result_url_ttl_s,
            .upload_url_s = (int)config->upload_url_ttl_s,
        };
        return store_s3_open(out, &s3, e);
    }
    if (strncmp(config->store, "dir:", 4) == 0)
        return store_dir_open(out, config->store + 4, config->public_url, (int)config->upload_url_ttl_s, e);
    return err_field(e, ERR_INVALID, "STORE", "STORE must be dir:FOLDER or s3://BUCKET/PREFIX.");
}
