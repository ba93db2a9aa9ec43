#ifndef SERVER_VERSION_H
#define SERVER_VERSION_H

#define SERVER_VERSION "0.1.0"
#define SERVER_SOFTWARE "curvelogd " SERVER_VERSION

#endif
