/* Big-endian integers in byte buffers. Lengths are the caller's concern. */
#ifndef CROSSROOM_BYTES_H
#define CROSSROOM_BYTES_H

#include <stddef.h>
#include <stdint.h>

static inline uint16_t get_u16(const uint8_t *p) { return (uint16_t)(p[0] << 8 | p[1]); }

static inline uint32_t get_u24(const uint8_t *p) { return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2]; }

static inline uint32_t get_u32(const uint8_t *p) { return (uint32_t)p[0] << 24 | get_u24(p + 1); }

static inline void put_u16(uint8_t *p, uint32_t v) {
  p[0] = (uint8_t)(v >> 8);
  p[1] = (uint8_t)v;
}

static inline void put_u24(uint8_t *p, uint32_t v) {
  p[0] = (uint8_t)(v >> 16);
  put_u16(p + 1, v);
}

static inline void put_u32(uint8_t *p, uint32_t v) {
  p[0] = (uint8_t)(v >> 24);
  put_u24(p + 1, v);
}

static inline void put_u64(uint8_t *p, uint64_t v) {
  put_u32(p, (uint32_t)(v >> 32));
  put_u32(p + 4, (uint32_t)v);
}

#endif
