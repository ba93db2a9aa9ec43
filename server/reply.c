#include "server/reply.h"

#include <math.h>
#include <stdlib.h>

#include "server/prices.h"

static double milliseconds(double seconds)
{
    return round(seconds * 1e4) / 10;
}

static bool add_text(cJSON *json, const char *name, const char *text)
{
    return cJSON_AddStringToObject(json, name, text) != NULL;
}

static bool add_number(cJSON *json, const char *name, double value)
{
    return (isfinite(value) ? cJSON_AddNumberToObject(json, name, value) : cJSON_AddNullToObject(json, name)) != NULL;
}

static bool add_model(cJSON *reply, const struct reply_facts *facts)
{
    cJSON *json = cJSON_AddObjectToObject(reply, "model");
    return json && add_text(json, "name", facts->model) && add_text(json, "title", facts->net->name) &&
           add_text(json, "sha256", facts->net->sha256);
}

static bool add_image(cJSON *reply, const struct reply_facts *facts)
{
    const struct scan_info *image = &facts->result->image;
    cJSON *json = cJSON_AddObjectToObject(reply, "image");
    return json && add_text(json, "name", facts->scan_name) && add_number(json, "width", image->width) &&
           add_number(json, "height", image->height) && add_number(json, "dpi_x", round(image->dpi_x * 100) / 100) &&
           add_number(json, "dpi_y", round(image->dpi_y * 100) / 100) && add_number(json, "bits", image->bits) &&
           add_number(json, "samples", image->samples) && add_text(json, "compression", image->compression) &&
           add_text(json, "photometric", image->photometric);
}

/* The track as used: x1 and y1 exclusive, as in the field. */
static bool add_track(cJSON *reply, const struct pipeline_result *result)
{
    cJSON *json = cJSON_AddObjectToObject(reply, "track");
    return json && add_number(json, "x0", result->x0) && add_number(json, "y0", result->y0) &&
           add_number(json, "x1", result->x1 + 1) && add_number(json, "y1", result->y1) &&
           add_number(json, "drift", round(result->drift * 10) / 10) && add_number(json, "windows", result->windows) &&
           add_number(json, "pixels", (double)result->pixels);
}

static bool add_curves(cJSON *reply, const struct pipeline_result *result)
{
    cJSON *list = cJSON_AddArrayToObject(reply, "curves");
    bool ok = list != NULL;
    for (size_t i = 0; ok && i < result->n_curves; i++) {
        const struct pipeline_curve *c = &result->curves[i];
        cJSON *json = cJSON_CreateObject();
        if (!json || !cJSON_AddItemToArray(list, json)) {
            cJSON_Delete(json);
            return false;
        }
        ok = add_text(json, "mnemonic", c->curve.mnemonic) && add_text(json, "unit", c->curve.unit) &&
             add_number(json, "left", c->curve.left) && add_number(json, "right", c->curve.right) &&
             add_text(json, "scale", c->curve.scale == SCALE_LOG ? "log" : "lin") &&
             add_text(json, "style", layout_style_name(c->curve.style)) && add_number(json, "samples", (double)c->samples) &&
             add_number(json, "coverage", round(c->coverage * 1e4) / 1e4) &&
             add_number(json, "confidence", round(c->confidence * 1e4) / 1e4);
    }
    return ok;
}

/* null when the scan's depths are not known: rows count then. */
static bool add_depth(cJSON *reply, const struct reply_facts *facts)
{
    const struct pipeline_result *r = facts->result;
    if (!r->has_depth)
        return cJSON_AddNullToObject(reply, "depth") != NULL;
    cJSON *json = cJSON_AddObjectToObject(reply, "depth");
    return json && add_text(json, "unit", facts->request->layout.depth_unit == DEPTH_M ? "m" : "ft") &&
           add_number(json, "start", r->start) && add_number(json, "stop", r->stop) && add_number(json, "step", r->step) &&
           add_number(json, "samples", (double)r->samples);
}

static bool add_warnings(cJSON *reply, const struct pipeline_result *result)
{
    cJSON *list = cJSON_AddArrayToObject(reply, "warnings");
    bool ok = list != NULL;
    for (size_t i = 0; ok && i < result->n_warnings; i++) {
        cJSON *text = cJSON_CreateString(result->warnings[i]);
        ok = text && cJSON_AddItemToArray(list, text);
    }
    return ok;
}

cJSON *reply_result(const struct reply_facts *facts)
{
    cJSON *reply = cJSON_CreateObject();
    if (reply && add_text(reply, "id", facts->id) && add_model(reply, facts) && add_image(reply, facts) &&
        add_track(reply, facts->result) && add_curves(reply, facts->result) && add_depth(reply, facts) &&
        add_warnings(reply, facts->result))
        return reply;
    cJSON_Delete(reply);
    return NULL;
}

cJSON *reply_stages(const struct pipeline_result *result, const struct reply_timing *timing)
{
    cJSON *json = cJSON_CreateObject();
    bool ok = json && add_number(json, "receive", milliseconds(timing->receive)) &&
              add_number(json, "queue", milliseconds(timing->queue)) &&
              add_number(json, "weights", milliseconds(timing->weights)) &&
              add_number(json, "fetch", milliseconds(timing->fetch));
    for (int i = 0; ok && i < STAGE_TOTAL; i++)
        ok = add_number(json, pipeline_stage_name((enum pipeline_stage)i), milliseconds(result->seconds[i]));
    ok = ok && add_number(json, "store", milliseconds(timing->store)) &&
         add_number(json, "total", milliseconds(timing->total));
    if (ok)
        return json;
    cJSON_Delete(json);
    return NULL;
}

static bool add_cost(cJSON *reply, double seconds, unsigned long long memory_bytes)
{
    double memory_mb = ceil((double)memory_bytes / (1024 * 1024)), gb_seconds = memory_mb / 1024 * seconds;
    cJSON *json = cJSON_AddObjectToObject(reply, "cost");
    return json && add_number(json, "memory_mb", memory_mb) && add_number(json, "seconds", round(seconds * 1e4) / 1e4) &&
           add_number(json, "gb_seconds", round(gb_seconds * 1e6) / 1e6) &&
           add_number(json, "usd", round((gb_seconds * PRICE_LAMBDA_GB_S + PRICE_LAMBDA_REQUEST) * 1e10) / 1e10) &&
           add_text(json, "price", "AWS Lambda " PRICES_ARCHITECTURE ", " PRICES_REGION ", list price of " PRICES_DATE);
}

bool reply_add_timing(cJSON *reply, const struct pipeline_result *result, const struct reply_timing *timing,
                      unsigned long long memory_bytes)
{
    cJSON *json = reply_stages(result, timing);
    if (!json || !cJSON_AddItemToObject(reply, "timing", json)) {
        cJSON_Delete(json);
        return false;
    }
    return cJSON_AddBoolToObject(json, "cold_start", timing->cold) &&
           (!timing->cold || (add_number(json, "process", milliseconds(timing->process)) &&
                              add_number(json, "first_touch", milliseconds(timing->first_touch)))) &&
           add_cost(reply, timing->total - timing->queue, memory_bytes);
}
