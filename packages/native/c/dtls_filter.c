#include "dtls_filter.h"

#include <string.h>

#include "bytes.h"

/* Content types, RFC 5246 section 6.2.1. */
enum { CHANGE_CIPHER_SPEC = 20, ALERT = 21, HANDSHAKE = 22, APPLICATION_DATA = 23 };
enum { HANDSHAKE_HEADER = 12 };

/* Every message fragment of a handshake record in the clear (RFC 6347 section 4.2.2), against the bounds. */
static bool handshake_allowed(struct dtls_filter *filter, const uint8_t *body, size_t length) {
  if (length == 0) return false;
  for (size_t at = 0; at < length;) {
    if (length - at < HANDSHAKE_HEADER) return false;
    const uint8_t *header = body + at;
    uint32_t message_length = get_u24(header + 1), sequence = get_u16(header + 4);
    uint32_t fragment_offset = get_u24(header + 6), fragment_length = get_u24(header + 9);
    if (message_length > DTLS_FILTER_MESSAGE_BYTES || sequence >= DTLS_FILTER_MESSAGES) return false;
    if (fragment_offset + fragment_length > message_length || fragment_length > length - at - HANDSHAKE_HEADER) return false;
    if (filter->declared[sequence] == 0) {
      if (filter->declared_bytes + message_length > DTLS_FILTER_HANDSHAKE_BYTES) return false;
      filter->declared[sequence] = message_length + 1;
      filter->declared_bytes += message_length;
    }
    if (filter->declared[sequence] != message_length + 1 || filter->fragments == DTLS_FILTER_FRAGMENTS) return false;
    filter->fragments++;
    at += HANDSHAKE_HEADER + fragment_length;
  }
  return true;
}

static bool record_allowed(struct dtls_filter *filter, bool connected, const uint8_t *record, size_t body_length) {
  uint8_t type = record[0];
  uint16_t epoch = get_u16(record + 3);
  if (connected) return epoch == 1 && (type == HANDSHAKE || type == ALERT || type == APPLICATION_DATA);
  if (epoch == 0) {
    if (type == HANDSHAKE) return handshake_allowed(filter, record + DTLS_RECORD_HEADER, body_length);
    if (type != CHANGE_CIPHER_SPEC || body_length != 1) return false;
    filter->cipher_spec_changed = true;
    return true;
  }
  if (epoch != 1 || type != HANDSHAKE || !filter->cipher_spec_changed) return false;
  return ++filter->early_records <= DTLS_FILTER_EARLY_RECORDS;
}

size_t dtls_filter_datagram(struct dtls_filter *filter, bool connected, const uint8_t *datagram, size_t length,
                            uint8_t *out) {
  size_t kept = 0;
  for (size_t at = 0; length - at >= DTLS_RECORD_HEADER;) {
    const uint8_t *record = datagram + at;
    size_t body = get_u16(record + 11), whole = DTLS_RECORD_HEADER + body;
    if (record[1] != 0xfe || whole > length - at) break;
    if (record_allowed(filter, connected, record, body)) {
      memcpy(out + kept, record, whole);
      kept += whole;
    }
    at += whole;
  }
  return kept;
}
