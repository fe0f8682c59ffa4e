#include <stdlib.h>
#include <string.h>

#include "egress_parts.h"

static const uint32_t GENERATIONS = 1u << (32 - ID_SLOT_BITS);

static bool pool_grow(struct id_pool *pool) {
  uint32_t capacity = pool->capacity ? pool->capacity * 2 : 64;
  if (capacity > ID_SLOT_MASK) return false;
  uint16_t *generations = realloc(pool->generations, capacity * sizeof *generations);
  if (generations) pool->generations = generations;
  void **owners = realloc(pool->owners, capacity * sizeof *owners);
  if (owners) pool->owners = owners;
  uint32_t *free_slots = realloc(pool->free_slots, capacity * sizeof *free_slots);
  if (free_slots) pool->free_slots = free_slots;
  if (!generations || !owners || !free_slots) return false;
  for (uint32_t i = pool->capacity; i < capacity; i++) {
    generations[i] = 0;
    owners[i] = NULL;
  }
  pool->capacity = capacity;
  return true;
}

uint32_t id_take(struct id_pool *pool, void *owner) {
  uint32_t slot;
  if (pool->free_count) {
    slot = pool->free_slots[--pool->free_count];
  } else {
    if (pool->used == pool->capacity && !pool_grow(pool)) return 0;
    slot = pool->used++;
  }
  uint32_t generation = (pool->generations[slot] + 1u) % GENERATIONS;
  pool->generations[slot] = (uint16_t)(generation ? generation : 1);
  pool->owners[slot] = owner;
  return (uint32_t)pool->generations[slot] << ID_SLOT_BITS | slot;
}

bool id_live(const struct id_pool *pool, uint32_t id) { return id_owner(pool, id) != NULL; }

void *id_owner(const struct id_pool *pool, uint32_t id) {
  uint32_t slot = id & ID_SLOT_MASK;
  return slot < pool->used && pool->generations[slot] == id >> ID_SLOT_BITS ? pool->owners[slot] : NULL;
}

void id_give_back(struct id_pool *pool, uint32_t id) {
  uint32_t slot = id & ID_SLOT_MASK;
  if (!id_live(pool, id)) return;
  pool->owners[slot] = NULL;
  pool->free_slots[pool->free_count++] = slot;
}

void id_pool_free(struct id_pool *pool) {
  free(pool->generations);
  free(pool->owners);
  free(pool->free_slots);
  memset(pool, 0, sizeof *pool);
}

bool id_map_put(struct id_map *map, uint32_t id, void *object) {
  uint32_t slot = id & ID_SLOT_MASK;
  if (slot >= map->capacity) {
    uint32_t capacity = map->capacity ? map->capacity : 64;
    while (capacity <= slot) capacity *= 2;
    uint32_t **objects = realloc(map->objects, capacity * sizeof *objects);
    if (!objects) return false;
    memset(objects + map->capacity, 0, (capacity - map->capacity) * sizeof *objects);
    map->objects = objects;
    map->capacity = capacity;
  }
  map->objects[slot] = object;
  return true;
}

void *id_map_get(const struct id_map *map, uint32_t id) {
  uint32_t slot = id & ID_SLOT_MASK;
  return slot < map->capacity && map->objects[slot] && *map->objects[slot] == id ? map->objects[slot] : NULL;
}

void id_map_remove(struct id_map *map, uint32_t id) {
  if (id_map_get(map, id)) map->objects[id & ID_SLOT_MASK] = NULL;
}
