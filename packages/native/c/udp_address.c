#include "udp_address.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "srtp.h"

/* A set-associative cache: a flood of forged sources evicts only what nobody pinned. Untouched pages cost nothing. */
enum { WAYS = 8, SETS = 8192, SLOTS = WAYS * SETS };
_Static_assert(SLOTS == 1 << 16, "a number is 16 bits of slot under 15 bits of generation");

struct slot {
  struct udp_tuple tuple;
  uint32_t hash, used_at;
  uint16_t generation; /* 1 to 2^15 - 1; 0 = never used */
  uint16_t pins;
  struct srtp_inbound *inbound;
};

struct udp_addresses {
  uint64_t seed;
  uint32_t clock;
  uint32_t opened; /* slots with an inbound context */
  struct slot slots[SLOTS];
};

struct udp_addresses *udp_addresses_new(void) {
  struct udp_addresses *addresses = calloc(1, sizeof *addresses);
  if (addresses) RAND_bytes((unsigned char *)&addresses->seed, sizeof addresses->seed);
  return addresses;
}

static void set_inbound(struct slot *slot, struct srtp_inbound *inbound) {
  srtp_inbound_retain(inbound);
  srtp_inbound_release(slot->inbound);
  slot->inbound = inbound;
}

void udp_addresses_free(struct udp_addresses *addresses) {
  if (!addresses) return;
  for (uint32_t i = 0; i < SLOTS && addresses->opened > 0; i++) {
    if (!addresses->slots[i].inbound) continue;
    set_inbound(&addresses->slots[i], NULL);
    addresses->opened--;
  }
  free(addresses);
}

static uint64_t mix(uint64_t state, uint64_t word) {
  state = (state ^ word) * 0x9e3779b97f4a7c15u;
  return state ^ state >> 29;
}

static uint32_t hash_of(const struct udp_addresses *addresses, const struct udp_tuple *tuple) {
  uint64_t words[4] = {0}, state = addresses->seed;
  uint64_t port;
  memcpy(words + 2, tuple->local, 16);
  if (tuple->remote.any.sa_family == AF_INET) {
    port = tuple->remote.v4.sin_port;
    words[0] = tuple->remote.v4.sin_addr.s_addr;
  } else {
    port = tuple->remote.v6.sin6_port | (uint64_t)tuple->remote.v6.sin6_scope_id << 16;
    memcpy(words, &tuple->remote.v6.sin6_addr, 16);
  }
  state = mix(state, port);
  for (int i = 0; i < 4; i++) state = mix(state, words[i]);
  return (uint32_t)(mix(state, addresses->seed) >> 32);
}

static bool same_tuple(const struct udp_tuple *a, const struct udp_tuple *b) {
  if (a->remote.any.sa_family != b->remote.any.sa_family || memcmp(a->local, b->local, sizeof a->local) != 0) return false;
  if (a->remote.any.sa_family == AF_INET)
    return a->remote.v4.sin_port == b->remote.v4.sin_port && a->remote.v4.sin_addr.s_addr == b->remote.v4.sin_addr.s_addr;
  return a->remote.v6.sin6_port == b->remote.v6.sin6_port && a->remote.v6.sin6_scope_id == b->remote.v6.sin6_scope_id &&
         memcmp(&a->remote.v6.sin6_addr, &b->remote.v6.sin6_addr, sizeof a->remote.v6.sin6_addr) == 0;
}

uint32_t udp_addresses_intern(struct udp_addresses *addresses, const struct udp_tuple *tuple) {
  uint32_t hash = hash_of(addresses, tuple), first = hash % SETS * WAYS;
  uint32_t now = ++addresses->clock;
  struct slot *oldest = NULL;
  for (uint32_t i = first; i < first + WAYS; i++) {
    struct slot *slot = &addresses->slots[i];
    if (slot->generation && slot->hash == hash && same_tuple(&slot->tuple, tuple)) {
      slot->used_at = now;
      return (uint32_t)slot->generation << 16 | i;
    }
    if (slot->pins == 0 && (!oldest || !slot->generation || (oldest->generation && now - slot->used_at > now - oldest->used_at)))
      oldest = slot;
  }
  if (!oldest) return 0;
  if (oldest->inbound) {
    set_inbound(oldest, NULL);
    addresses->opened--;
  }
  oldest->tuple = *tuple;
  oldest->hash = hash;
  oldest->used_at = now;
  oldest->generation = oldest->generation >= 0x7fff ? 1 : (uint16_t)(oldest->generation + 1);
  return (uint32_t)oldest->generation << 16 | (uint32_t)(oldest - addresses->slots);
}

static struct slot *slot_of(const struct udp_addresses *addresses, uint32_t number) {
  const struct slot *slot = &addresses->slots[number & 0xffff];
  return number >> 16 && slot->generation == number >> 16 ? (struct slot *)slot : NULL;
}

const struct udp_tuple *udp_addresses_find(const struct udp_addresses *addresses, uint32_t number) {
  const struct slot *slot = slot_of(addresses, number);
  return slot ? &slot->tuple : NULL;
}

void udp_addresses_pin(struct udp_addresses *addresses, uint32_t number) {
  struct slot *slot = slot_of(addresses, number);
  if (slot && slot->pins < UINT16_MAX) slot->pins++;
}

void udp_addresses_unpin(struct udp_addresses *addresses, uint32_t number) {
  struct slot *slot = slot_of(addresses, number);
  if (slot && slot->pins > 0) slot->pins--;
}

void udp_addresses_set_inbound(struct udp_addresses *addresses, uint32_t number, struct srtp_inbound *inbound) {
  struct slot *slot = slot_of(addresses, number);
  if (!slot) return;
  addresses->opened += (inbound != NULL) - (slot->inbound != NULL);
  set_inbound(slot, inbound);
}

struct srtp_inbound *udp_addresses_inbound(const struct udp_addresses *addresses, uint32_t number) {
  const struct slot *slot = slot_of(addresses, number);
  return slot ? slot->inbound : NULL;
}
