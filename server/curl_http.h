/* What both users of libcurl set. */
#ifndef SERVER_CURL_HTTP_H
#define SERVER_CURL_HTTP_H

#include <curl/curl.h>

/* HTTP and HTTPS only.  The option by names is there from libcurl 7.85, which deprecates the one by bits. */
static inline void curl_http_only(CURL *curl)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

#endif
