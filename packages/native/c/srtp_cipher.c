#include "srtp_cipher.h"

#include <openssl/crypto.h>
#include <string.h>

#include "bytes.h"

/* Labels of the key derivation, RFC 3711 section 4.3.2. SRTCP's are these + 3. */
enum { LABEL_ENCRYPTION = 0, LABEL_AUTHENTICATION = 1, LABEL_SALT = 2, LABEL_RTCP = 3 };

size_t srtp_tag_bytes(enum srtp_profile profile) {
  return profile == SRTP_PROFILE_GCM ? GCM_TAG_BYTES : SHA1_TAG_BYTES;
}

size_t srtp_salt_bytes(enum srtp_profile profile) {
  return profile == SRTP_PROFILE_GCM ? SRTP_SALT_BYTES_GCM : SRTP_SALT_BYTES_SHA1;
}

/* AES-CM as a pseudo-random function, RFC 3711 section 4.3.3; a 96-bit salt counts as padded with zeros (RFC 7714 section 11). */
static bool derive(const struct srtp_master *master, size_t salt_bytes, int label, uint8_t *out, int length) {
  uint8_t counter[16] = {0};
  if (master->is_session && label % LABEL_RTCP != LABEL_AUTHENTICATION) {
    memcpy(out, label % LABEL_RTCP == LABEL_SALT ? master->salt : master->key, (size_t)length);
    return true;
  }
  memcpy(counter, master->salt, salt_bytes);
  counter[7] ^= (uint8_t)label;
  memset(out, 0, (size_t)length);
  EVP_CIPHER_CTX *prf = EVP_CIPHER_CTX_new();
  int written = 0;
  bool ok = prf && EVP_EncryptInit_ex(prf, EVP_aes_128_ctr(), NULL, master->key, counter) == 1 &&
            EVP_EncryptUpdate(prf, out, &written, out, length) == 1 && written == length;
  EVP_CIPHER_CTX_free(prf);
  OPENSSL_cleanse(counter, sizeof counter);
  return ok;
}

static void hmac_prepare(struct srtp_transform *transform, const uint8_t key[20]) {
  uint8_t pad[SHA_CBLOCK];
  for (size_t i = 0; i < sizeof pad; i++) pad[i] = (uint8_t)((i < 20 ? key[i] : 0) ^ 0x36);
  SHA1_Init(&transform->inner);
  SHA1_Update(&transform->inner, pad, sizeof pad);
  for (size_t i = 0; i < sizeof pad; i++) pad[i] ^= 0x36 ^ 0x5c;
  SHA1_Init(&transform->outer);
  SHA1_Update(&transform->outer, pad, sizeof pad);
  OPENSSL_cleanse(pad, sizeof pad);
}

static bool transform_open(struct srtp_transform *transform, enum srtp_profile profile, const struct srtp_master *master,
                           int label, bool encrypting) {
  size_t salt_bytes = srtp_salt_bytes(profile);
  uint8_t key[SRTP_KEY_BYTES], authentication[20];
  bool gcm = profile == SRTP_PROFILE_GCM;
  transform->cipher = EVP_CIPHER_CTX_new();
  bool ok = transform->cipher && derive(master, salt_bytes, label + LABEL_ENCRYPTION, key, sizeof key) &&
            derive(master, salt_bytes, label + LABEL_SALT, transform->salt, (int)salt_bytes) &&
            derive(master, salt_bytes, label + LABEL_AUTHENTICATION, authentication, sizeof authentication) &&
            EVP_CipherInit_ex(transform->cipher, gcm ? EVP_aes_128_gcm() : EVP_aes_128_ctr(), NULL, key, NULL,
                              encrypting) == 1;
  if (ok && !gcm) hmac_prepare(transform, authentication);
  OPENSSL_cleanse(key, sizeof key);
  OPENSSL_cleanse(authentication, sizeof authentication);
  return ok;
}

bool srtp_cipher_open(struct srtp_cipher *cipher, enum srtp_profile profile, const struct srtp_master *master,
                      bool encrypting) {
  memset(cipher, 0, sizeof *cipher);
  cipher->profile = profile;
  cipher->encrypting = encrypting;
  if (transform_open(&cipher->rtp, profile, master, 0, encrypting) &&
      transform_open(&cipher->rtcp, profile, master, LABEL_RTCP, encrypting))
    return true;
  srtp_cipher_close(cipher);
  return false;
}

void srtp_cipher_close(struct srtp_cipher *cipher) {
  EVP_CIPHER_CTX_free(cipher->rtp.cipher);
  EVP_CIPHER_CTX_free(cipher->rtcp.cipher);
  OPENSSL_cleanse(cipher, sizeof *cipher);
}

void srtp_nonce_gcm(const struct srtp_transform *transform, uint32_t ssrc, uint64_t index, uint8_t nonce[12]) {
  nonce[0] = nonce[1] = 0;
  put_u32(nonce + 2, ssrc);
  put_u16(nonce + 6, (uint32_t)(index >> 32));
  put_u32(nonce + 8, (uint32_t)index);
  for (int i = 0; i < 12; i++) nonce[i] ^= transform->salt[i];
}

void srtp_nonce_cm(const struct srtp_transform *transform, uint32_t ssrc, uint64_t index, uint8_t nonce[16]) {
  memset(nonce, 0, 16);
  put_u32(nonce + 4, ssrc);
  put_u16(nonce + 8, (uint32_t)(index >> 32));
  put_u32(nonce + 10, (uint32_t)index);
  for (int i = 0; i < SRTP_SALT_BYTES_SHA1; i++) nonce[i] ^= transform->salt[i];
}

void srtp_hmac(const struct srtp_transform *transform, const uint8_t *data, size_t length, const uint32_t *word,
               uint8_t digest[20]) {
  SHA_CTX state = transform->inner;
  SHA1_Update(&state, data, length);
  if (word) {
    uint8_t bytes[4];
    put_u32(bytes, *word);
    SHA1_Update(&state, bytes, sizeof bytes);
  }
  SHA1_Final(digest, &state);
  state = transform->outer;
  SHA1_Update(&state, digest, 20);
  SHA1_Final(digest, &state);
}
