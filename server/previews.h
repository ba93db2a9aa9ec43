/* Pictures of a scan for the page: POST /previews makes them, GET /previews/ID/… gives them. */
#ifndef SERVER_PREVIEWS_H
#define SERVER_PREVIEWS_H

#include "server/http.h"

/* POST /previews, with a body as POST /digitize takes it (the scan, or its key; other fields play no part).
 * Answers {"id","width","height","tile","levels","overview","tiles"}: URLs of the whole scan in one small
 * picture and, with {level}, {column} and {row} to be filled in, of the tiles; level 0 is full size, each
 * further one half of it.  As an event stream if asked for; the overview is there once the stage "tiles" has begun,
 * under the id in X-Result-Id.  The scan of a key that was seen before is not read again. */
enum err_code previews_create(struct request *request, struct err *e);

/* GET /previews/ID/overview.png, /previews/ID/tiles/LEVEL/COLUMN_ROW.png.  Whoever knows the id may see
 * them: pictures cannot carry an API key.  ERR_NOT_FOUND, also when they were removed to make room. */
enum err_code previews_get(struct request *request, struct err *e);

#endif
