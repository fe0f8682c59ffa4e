/** Two triangles over the whole target; texture coordinates from 0 to 1, first row of the picture at the top. */
export const VERTEX_SHADER = `#version 300 es
out vec2 at;
void main() {
  vec2 corner = vec2(float((gl_VertexID << 1) & 2), float(gl_VertexID & 2));
  at = vec2(corner.x, 1.0 - corner.y);
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}`

/**
 * Smoothing is a bilateral filter on three rings of eight samples: neighbours count less the further away and the more
 * different in brightness they are, so that pores vanish and edges stay. It acts on skin more than on anything else: the
 * weight of skin is how close the colour is to the cluster that skin of every tone makes in the chroma plane (Cb 77 … 127,
 * Cr 133 … 173; Chai and Ngan 1999). Whitening lifts the middle tones by a logarithmic curve that leaves black and white.
 */
export const FRAGMENT_SHADER = `#version 300 es
precision highp float;
in vec2 at;
out vec4 colour;
uniform sampler2D picture;
uniform vec2 pixel;
uniform float smoothing;
uniform float whitening;

float brightness(vec3 c) { return dot(c, vec3(0.299, 0.587, 0.114)); }

float skin(vec3 c) {
  float cb = 0.5 - 0.168736 * c.r - 0.331264 * c.g + 0.5 * c.b;
  float cr = 0.5 + 0.5 * c.r - 0.418688 * c.g - 0.081312 * c.b;
  vec2 away = abs(vec2(cb, cr) - vec2(0.40, 0.60)) / vec2(0.10, 0.08);
  return 1.0 - smoothstep(0.8, 1.8, max(away.x, away.y));
}

void main() {
  vec3 here = texture(picture, at).rgb;
  float level = brightness(here);
  vec3 sum = here;
  float weights = 1.0;
  for (int ring = 1; ring <= 3; ring++) {
    float radius = float(ring) * (1.0 + 1.5 * smoothing);
    for (int step = 0; step < 8; step++) {
      float angle = 0.785398 * (float(step) + 0.5 * float(ring));
      vec3 there = texture(picture, at + vec2(cos(angle), sin(angle)) * radius * pixel).rgb;
      float difference = (brightness(there) - level) / (0.05 + 0.10 * smoothing);
      float weight = exp(-difference * difference) / float(ring);
      sum += there * weight;
      weights += weight;
    }
  }
  vec3 smooth_ = sum / weights;
  vec3 soft = mix(here, smooth_, smoothing * (0.35 + 0.65 * skin(here)));
  float base = 1.0 + 3.0 * whitening;
  vec3 white = whitening > 0.0 ? log(soft * (base - 1.0) + 1.0) / log(base) : soft;
  colour = vec4(mix(soft, white, 0.7), 1.0);
}`
