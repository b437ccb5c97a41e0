/* The two halves of `bench media` that must not cost much themselves.
 *
 *   rtp load SECONDS CLIP stamped|intact   plays CLIP from every entity that sends, reads what comes back, prints
 *                           figures as JSON; stamped: the time of sending stands in each payload's last eight bytes
 *   rtp loop                               the limit: receive, open, seal, send; nothing else
 *
 * Entities are lines on standard input, whose sockets were opened and connected (ICE, DTLS) by the caller:
 *   FD ADDRESS PORT PROFILE TX RX SENDS PARTNER
 * PROFILE: gcm256, gcm128 or cm80; TX, RX: SRTP master key and salt in hex; PARTNER: for `loop`, whom packets go to.
 * CLIP: records of u32 due_us, u32 timestamp, u16 length, u8 kind (0 video, 1 audio), u8 marker, payload (host order).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <srtp2/srtp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 32
#define ROOM 2048
#define HEAD 20           /* RTP header and one header extension: the transport-wide number (id 3) */
#define FEEDBACK_NS 50000000ull
#define MOST_LATENCY_US 1000000

typedef struct { uint32_t due_us, timestamp; uint16_t length; uint8_t kind, marker; } __attribute__((packed)) Record;
typedef struct { Record head; const uint8_t *payload; } Packet;
typedef struct {
  int fd, sends, partner;
  struct sockaddr_in to;
  srtp_t tx, rx;
  uint64_t began_ns, feedback_ns;
  size_t next;
  uint32_t rounds, ssrc[2];
  uint16_t sequence[2], wide, base;  /* base: first transport-wide number not yet reported back */
  uint64_t arrived[256];
  int reported, any;
} Entity;

static Entity *entities;
static int count;
static volatile sig_atomic_t stopping;

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void die(const char *what) { perror(what); exit(1); }
static void on_signal(int sign) { (void)sign; stopping = 1; }

static srtp_t session(const char *profile, const char *hex, srtp_ssrc_type_t direction) {
  static uint8_t key[64];
  srtp_policy_t policy = {0};
  srtp_t made;
  for (size_t at = 0; hex[2 * at] && at < sizeof key; at++) sscanf(hex + 2 * at, "%2hhx", &key[at]);
  if (!strcmp(profile, "gcm256")) {
    srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtp);
    srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtcp);
  } else if (!strcmp(profile, "gcm128")) {
    srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
    srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
  } else {
    srtp_crypto_policy_set_rtp_default(&policy.rtp);
    srtp_crypto_policy_set_rtcp_default(&policy.rtcp);
  }
  policy.ssrc.type = direction;
  policy.key = key;
  policy.window_size = 1024;
  policy.allow_repeat_tx = 1;
  if (srtp_create(&made, &policy) != srtp_err_status_ok) { fprintf(stderr, "srtp_create failed\n"); exit(1); }
  return made;
}

static void read_entities(void) {
  char address[64], profile[16], tx[160], rx[160];
  Entity e = {0};
  int port;
  while (scanf("%d %63s %d %15s %159s %159s %d %d", &e.fd, address, &port, profile, tx, rx, &e.sends, &e.partner) == 8) {
    e.to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, address, &e.to.sin_addr);
    e.tx = session(profile, tx, ssrc_any_outbound);
    e.rx = session(profile, rx, ssrc_any_inbound);
    fcntl(e.fd, F_SETFL, fcntl(e.fd, F_GETFL) | O_NONBLOCK);
    entities = realloc(entities, (count + 1) * sizeof *entities);
    entities[count++] = e;
  }
}

static int epoll_all(void) {
  int ep = epoll_create1(0);
  for (int i = 0; i < count; i++) {
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
    if (epoll_ctl(ep, EPOLL_CTL_ADD, entities[i].fd, &event)) die("epoll_ctl");
  }
  return ep;
}

static int receive(int fd, uint8_t packets[BATCH][ROOM], int lengths[BATCH]) {
  static struct mmsghdr messages[BATCH];
  static struct iovec pieces[BATCH];
  for (int i = 0; i < BATCH; i++) {
    pieces[i] = (struct iovec){packets[i], ROOM - 64};
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &pieces[i], .msg_iovlen = 1};
  }
  int got = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
  for (int i = 0; i < got; i++) lengths[i] = messages[i].msg_len;
  return got < 0 ? 0 : got;
}

static int is_rtp(const uint8_t *p, int length) {
  return length > 12 && p[0] >> 6 == 2 && !(p[1] >= 192 && p[1] < 224);
}

/* --- the limit ---------------------------------------------------------------------------------------------------- */

static void forward(Entity *from) {
  static uint8_t packets[BATCH][ROOM];
  static struct mmsghdr out[BATCH];
  static struct iovec pieces[BATCH];
  int lengths[BATCH], got, ready = 0;
  Entity *to = &entities[from->partner];
  got = receive(from->fd, packets, lengths);
  for (int i = 0; i < got; i++) {
    int length = lengths[i];
    if (!is_rtp(packets[i], length) || srtp_unprotect(from->rx, packets[i], &length) != srtp_err_status_ok) continue;
    if (srtp_protect(to->tx, packets[i], &length) != srtp_err_status_ok) continue;
    pieces[ready] = (struct iovec){packets[i], length};
    out[ready].msg_hdr = (struct msghdr){
      .msg_name = &to->to, .msg_namelen = sizeof to->to, .msg_iov = &pieces[ready], .msg_iovlen = 1};
    ready++;
  }
  if (ready) sendmmsg(to->fd, out, ready, MSG_DONTWAIT);
}

static void loop(void) {
  struct epoll_event events[64];
  int ep = epoll_all();
  while (!stopping) {
    int ready = epoll_wait(ep, events, 64, 200);
    for (int i = 0; i < ready; i++) forward(&entities[events[i].data.u32]);
  }
}

/* --- the load ----------------------------------------------------------------------------------------------------- */

static Packet *clip;
static size_t packets_in_clip;
static uint64_t round_ns;
static int stamped;
static uint64_t sent, received, opened_badly;
static uint32_t *latency_us, *late_us;  /* histograms: on the way, and of our own sending */

static void read_clip(const char *path) {
  FILE *file = fopen(path, "rb");
  Record head;
  if (!file) die(path);
  while (fread(&head, sizeof head, 1, file) == 1) {
    uint8_t *payload = malloc(head.length);
    if (fread(payload, 1, head.length, file) != head.length) die("clip");
    clip = realloc(clip, (packets_in_clip + 1) * sizeof *clip);
    clip[packets_in_clip++] = (Packet){head, payload};
  }
  fclose(file);
  round_ns = (clip[packets_in_clip - 1].head.due_us / 1000000 + 1) * 1000000000ull;
}

static void note(uint32_t *histogram, uint64_t us) { histogram[us < MOST_LATENCY_US ? us : MOST_LATENCY_US]++; }

static void send_one(Entity *e, const Packet *p, uint64_t at_ns) {
  uint8_t packet[ROOM];
  int kind = p->head.kind, length = HEAD + p->head.length;
  uint32_t clock = kind ? 48000 : 90000;
  uint32_t timestamp = htonl(p->head.timestamp + e->rounds * (uint32_t)(round_ns / 1000000000ull) * clock);
  uint16_t sequence = htons(e->sequence[kind]++), wide = htons(e->wide++);
  uint32_t ssrc = htonl(e->ssrc[kind]);
  packet[0] = 0x90;
  packet[1] = (p->head.marker << 7) | (kind ? 111 : 96);
  memcpy(packet + 2, &sequence, 2);
  memcpy(packet + 4, &timestamp, 4);
  memcpy(packet + 8, &ssrc, 4);
  memcpy(packet + 12, "\xbe\xde\x00\x01\x31", 5);
  memcpy(packet + 17, &wide, 2);
  packet[19] = 0;
  memcpy(packet + HEAD, p->payload, p->head.length);
  if (stamped && p->head.length >= 8) memcpy(packet + length - 8, &at_ns, 8);
  if (srtp_protect(e->tx, packet, &length) != srtp_err_status_ok) return;
  if (sendto(e->fd, packet, length, MSG_DONTWAIT, (struct sockaddr *)&e->to, sizeof e->to) > 0) sent++;
}

static void send_due(Entity *e, uint64_t now) {
  while (e->sends) {
    const Packet *p = &clip[e->next];
    uint64_t due = e->began_ns + e->rounds * round_ns + p->head.due_us * 1000ull;
    if (due > now) return;
    if (late_us) note(late_us, (now - due) / 1000);
    send_one(e, p, now_ns());
    if (++e->next == packets_in_clip) { e->next = 0; e->rounds++; }
  }
}

static void take(Entity *e, const uint8_t *p, int length, uint64_t now) {
  int at = 16, end;
  received++;
  if (stamped && latency_us && length > 20) {
    uint64_t left;
    memcpy(&left, p + length - 8, 8);
    note(latency_us, (now - left) / 1000);
  }
  if (!(p[0] & 0x10) || length < 16) return;
  end = at + 4 * (p[14] << 8 | p[15]);
  while (at < end && at < length) {
    int id = p[at] >> 4, octets = (p[at] & 15) + 1;
    if (p[at] == 0) { at++; continue; }
    if (id == 3 && octets == 2) {
      uint16_t wide = p[at + 1] << 8 | p[at + 2];
      if (!e->any) { e->any = 1; e->base = wide; }
      uint16_t ahead = wide - e->base;
      if (ahead < 256) { e->arrived[ahead] = now; if (ahead >= e->reported) e->reported = ahead + 1; }
    }
    at += 1 + octets;
  }
}

/* Transport-wide feedback for what came since the last one: what a browser sends, so that the server has it to read. */
static void give_feedback(Entity *e, uint64_t now) {
  uint8_t packet[ROOM] = {0x8f, 205};
  int at = 20, n = e->reported, length;
  int64_t reference = now / 64000000ull - 1, last = reference * 256;
  if (!n || now < e->feedback_ns) return;
  e->feedback_ns = now + FEEDBACK_NS;
  packet[7] = 2;
  packet[12] = e->base >> 8; packet[13] = e->base;
  packet[14] = n >> 8; packet[15] = n;
  packet[16] = reference >> 16; packet[17] = reference >> 8; packet[18] = reference;
  for (int i = 0; i < n; i += 7) {  /* two-bit symbols: 2, a large delta, or 0, not received */
    uint16_t chunk = 0xc000;
    for (int j = 0; j < 7 && i + j < n; j++) chunk |= (e->arrived[i + j] ? 2 : 0) << (12 - 2 * j);
    packet[at++] = chunk >> 8; packet[at++] = chunk;
  }
  for (int i = 0; i < n; i++) {
    if (!e->arrived[i]) continue;
    int64_t ticks = e->arrived[i] / 250000, delta = ticks - last;
    last = ticks;
    packet[at++] = delta >> 8; packet[at++] = delta;
  }
  while (at % 4) packet[at++] = 0;
  packet[3] = at / 4 - 1;
  length = at;
  memset(e->arrived, 0, sizeof e->arrived);
  e->base += n;
  e->reported = 0;
  if (srtp_protect_rtcp(e->tx, packet, &length) == srtp_err_status_ok)
    sendto(e->fd, packet, length, MSG_DONTWAIT, (struct sockaddr *)&e->to, sizeof e->to);
}

static void read_some(Entity *e) {
  static uint8_t packets[BATCH][ROOM];
  int lengths[BATCH], got = receive(e->fd, packets, lengths);
  uint64_t now = now_ns();
  for (int i = 0; i < got; i++) {
    int length = lengths[i];
    if (!is_rtp(packets[i], length)) continue;
    if (srtp_unprotect(e->rx, packets[i], &length) == srtp_err_status_ok) take(e, packets[i], length, now);
    else opened_badly++;
  }
}

static void play(int ep, double seconds, int sending) {
  struct epoll_event events[64];
  uint64_t end = now_ns() + seconds * 1e9;
  for (uint64_t now; (now = now_ns()) < end;) {
    for (int i = 0; i < count; i++) {
      if (sending) send_due(&entities[i], now);
      give_feedback(&entities[i], now);
    }
    int ready = epoll_wait(ep, events, 64, 1);
    for (int i = 0; i < ready; i++) read_some(&entities[events[i].data.u32]);
  }
}

static double quantile(const uint32_t *histogram, double q) {
  uint64_t all = 0, seen = 0;
  for (int us = 0; us <= MOST_LATENCY_US; us++) all += histogram[us];
  for (int us = 0; us <= MOST_LATENCY_US; us++)
    if (all && (seen += histogram[us]) >= q * all) return us / 1000.0;
  return -1;
}

static void load(double seconds, const char *path) {
  int ep = epoll_all();
  read_clip(path);
  srand(7);
  for (int i = 0; i < count; i++) {
    entities[i].began_ns = now_ns() + (uint64_t)(rand() % 1000) * 1000000ull;
    for (int kind = 0; kind < 2; kind++) {
      entities[i].ssrc[kind] = 102 - kind;  /* as bench/media.py and bench/peers/janus.py offer them */
      entities[i].sequence[kind] = rand() & 0x7fff;
    }
  }
  play(ep, 2.0, 1);  /* every stream has begun and is decoded */
  latency_us = calloc(MOST_LATENCY_US + 1, sizeof *latency_us);
  late_us = calloc(MOST_LATENCY_US + 1, sizeof *late_us);
  sent = received = opened_badly = 0;
  printf("begin\n"); fflush(stdout);
  play(ep, seconds, 1);
  printf("end\n"); fflush(stdout);
  play(ep, 0.3, 0);
  printf("{\"sent\": %lu, \"received\": %lu, \"not_opened\": %lu, \"p50_ms\": %.3f, \"p95_ms\": %.3f, \"p99_ms\": %.3f, "
         "\"late_p99_ms\": %.3f}\n", sent, received, opened_badly, quantile(latency_us, .5), quantile(latency_us, .95),
         quantile(latency_us, .99), quantile(late_us, .99));
}

int main(int argc, char **argv) {
  signal(SIGTERM, on_signal);
  srtp_init();
  read_entities();
  if (argc == 5 && !strcmp(argv[1], "load")) {
    stamped = !strcmp(argv[4], "stamped");
    load(atof(argv[2]), argv[3]);
  }
  else if (argc == 2 && !strcmp(argv[1], "loop")) loop();
  else { fprintf(stderr, "usage: rtp load SECONDS CLIP stamped|intact | rtp loop\n"); return 2; }
  return 0;
}
