/* List prices of AWS in us-east-1, USD, as of June 2026: the one place that has them.  Where another
 * region's or a contract's prices hold, change them here. */
#ifndef SERVER_PRICES_H
#define SERVER_PRICES_H

#define PRICES_DATE "2026-06"
#define PRICES_REGION "us-east-1"
#define PRICES_CURRENCY "USD"

#ifdef __aarch64__
#define PRICES_ARCHITECTURE "arm64"
#define PRICE_LAMBDA_GB_S 0.0000133334
#define PRICE_FARGATE_VCPU_HOUR 0.03238
#define PRICE_FARGATE_GB_HOUR 0.00356
#else
#define PRICES_ARCHITECTURE "x86_64"
#define PRICE_LAMBDA_GB_S 0.0000166667
#define PRICE_FARGATE_VCPU_HOUR 0.04048
#define PRICE_FARGATE_GB_HOUR 0.004445
#endif

#define PRICE_LAMBDA_REQUEST 0.0000002
#define PRICE_EFS_READ_GB 0.03     /* elastic throughput */
#define PRICE_ALB_HOUR 0.0225
#define PRICE_IPV4_HOUR 0.005

#define HOURS_PER_MONTH 730.0

#endif
