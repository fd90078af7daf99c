// MQTT 3.1.1 load at QoS 1: publishers that keep a window of unacknowledged messages full (or a rate), and subscribers that
// receive everything each. Prints one line of JSON. One thread; see `usage` for the words.
//
// Each payload begins with `<number, 10 digits> <CLOCK_MONOTONIC in µs, 16 digits> `, so that whoever meets the message
// later, as a packet or as a row, knows which it is and how long it was under way. The rest is filled with 'x'.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNACK = 0x20, PUBLISH_QOS1 = 0x32, PUBACK = 0x40, SUBSCRIBE = 0x82, SUBACK = 0x90 };
enum { BUFFER = 1 << 18, IDS = 1 << 16, MAX_CLIENTS = 1000, STAMP = 28, MAX_PAYLOAD = 100000 };

// The subscribers together may be so many messages behind: no broker is asked to hold more than that. Then the publishers rest until
// half of it has come: held to the subscribers' pace message by message, they would each send one at a time, whatever their window.
enum { MAX_BEHIND = 10000 };
// After the last publish, so long for the acknowledgements that are still under way.
static const uint64_t PATIENCE_US = 10 * 1000000;

static struct {
  int port, publishers, subscribers, window, payload;
  double rate;            // messages/s of all publishers together; 0: as fast as the windows allow
  uint64_t count;         // so many messages and no more; 0: for `seconds`
  double warmup, seconds; // measured is what happens in `seconds`, behind `warmup`
  const char *topic;
} load = {.port = 1883, .publishers = 10, .window = 100, .payload = 100, .warmup = 1, .seconds = 5, .topic = "bench"};

static const char *usage = "generator --port N [--publishers 10] [--window 100] [--payload 100] [--topic bench] [--subscribers 0]\n"
                           "          [--rate MSG/S] [--count MESSAGES | --warmup 1 --seconds 5]\n";

typedef struct {
  int fd;
  uint8_t in[BUFFER], out[BUFFER];
  size_t in_end, out_start, out_end;
  // publishers:
  char topic[128];
  int topic_length;
  uint64_t sent, acked;
  uint16_t next_id;
  uint64_t sent_at[IDS]; // µs, by packet id
} Connection;

// Publishers first, then subscribers.
static Connection *clients[2 * MAX_CLIENTS];
static uint64_t sent, acked, received;

static void fail(const char *what) {
  fprintf(stderr, "generator: %s: %s\n", what, errno ? strerror(errno) : "protocol error");
  exit(1);
}

static uint64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000ull + t.tv_nsec / 1000;
}

// ── latencies: a histogram with 64 steps to each doubling, so that a percentile is right to 1.6 % ──

enum { STEPS = 64, SLOTS = STEPS * 40 };
typedef struct {
  uint64_t slots[SLOTS], count, max;
} Histogram;
static Histogram ack_time, delivery_time;

static void note(Histogram *h, uint64_t us) {
  int doublings = us < 2 * STEPS ? 0 : 63 - __builtin_clzll(us) - 6;
  int slot = doublings * STEPS + (int)(us >> doublings);
  h->slots[slot < SLOTS ? slot : SLOTS - 1]++;
  h->count++;
  if (us > h->max) h->max = us;
}

static double percentile_ms(const Histogram *h, double part) {
  uint64_t wanted = (uint64_t)(part * h->count), seen = 0;
  for (int slot = 0; slot < SLOTS; slot++) {
    seen += h->slots[slot];
    if (seen <= wanted) continue;
    int doublings = slot < 2 * STEPS ? 0 : slot / STEPS - 1;
    return (double)((uint64_t)(slot - doublings * STEPS) << doublings) / 1000;
  }
  return h->max / 1000.0;
}

static void print_latency(const char *name, const Histogram *h) {
  printf(",\"%s\":{\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f,\"p999\":%.3f,\"max\":%.3f}", name, percentile_ms(h, .5),
         percentile_ms(h, .9), percentile_ms(h, .99), percentile_ms(h, .999), h->max / 1000.0);
}

// ── sockets ──

static void put(Connection *c, const void *bytes, size_t length) {
  if (c->out_end + length > BUFFER) fail("the broker reads too slowly");
  memcpy(c->out + c->out_end, bytes, length);
  c->out_end += length;
}

static void flush(Connection *c) {
  while (c->out_start < c->out_end) {
    ssize_t n = write(c->fd, c->out + c->out_start, c->out_end - c->out_start);
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) fail("write");
    c->out_start += n;
  }
  c->out_start = c->out_end = 0;
}

static void expect(Connection *c, uint8_t type, size_t length) {
  uint8_t answer[8];
  for (size_t have = 0; have < length;) {
    ssize_t n = read(c->fd, answer + have, length - have);
    if (n <= 0) fail("the broker closed the connection");
    have += n;
  }
  if (answer[0] != type || answer[length - 1] > 1) fail("the broker refused");
}

static Connection *connect_client(const char *id) {
  Connection *c = calloc(1, sizeof *c);
  if (!c) fail("memory");
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(load.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  c->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (c->fd < 0 || connect(c->fd, (void *)&address, sizeof address)) fail("connect");
  int on = 1;
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  size_t length = strlen(id);
  uint8_t head[] = {0x10, 12 + length, 0, 4, 'M', 'Q', 'T', 'T', 4, 2 /* clean */, 0, 0, 0, length};
  put(c, head, sizeof head);
  put(c, id, length);
  flush(c);
  expect(c, CONNACK, 4);
  c->next_id = 1;
  return c;
}

static void subscribe(Connection *c) {
  char filter[128];
  int length = snprintf(filter, sizeof filter, "%s/#", load.topic);
  uint8_t head[] = {SUBSCRIBE, 5 + length, 0, 1, 0, length}, qos = 1;
  put(c, head, sizeof head);
  put(c, filter, length);
  put(c, &qos, 1);
  flush(c);
  expect(c, SUBACK, 5);
}

static void nonblocking(Connection *c) {
  fcntl(c->fd, F_SETFL, fcntl(c->fd, F_GETFL) | O_NONBLOCK);
}

// ── packets ──

static uint8_t *write_digits(uint8_t *at, int width, uint64_t value) {
  for (int i = width - 1; i >= 0; i--, value /= 10) at[i] = '0' + value % 10;
  at[width] = ' ';
  return at + width + 1;
}

static uint64_t read_digits(const uint8_t *at, int width) {
  uint64_t value = 0;
  while (width--) value = value * 10 + (*at++ - '0');
  return value;
}

// Puts one message into the publisher's buffer. False: its window, or its buffer, is full.
static bool publish(Connection *c, uint64_t now) {
  static uint8_t packet[MAX_PAYLOAD + 256];
  if (c->sent - c->acked >= (uint64_t)load.window || c->out_end + sizeof packet > BUFFER) return false;
  uint8_t *at = packet;
  *at++ = PUBLISH_QOS1;
  for (uint32_t rest = 2 + c->topic_length + 2 + load.payload;; ) {
    *at++ = (rest & 127) | (rest > 127 ? 128 : 0);
    if (!(rest >>= 7)) break;
  }
  *at++ = c->topic_length >> 8;
  *at++ = c->topic_length;
  at = mempcpy(at, c->topic, c->topic_length);
  *at++ = c->next_id >> 8;
  *at++ = c->next_id;
  uint8_t *end = at + load.payload;
  at = write_digits(at, 10, sent);
  at = write_digits(at, 16, now);
  memset(at, 'x', end - at);
  put(c, packet, end - packet);
  c->sent_at[c->next_id] = now;
  if (++c->next_id == 0) c->next_id = 1;
  c->sent++;
  sent++;
  return true;
}

// The publishers take turns, so that each has its share of the rate.
static void publish_what_is_due(uint64_t due, uint64_t now) {
  static int turn = 0;
  static bool resting = false;
  if (load.subscribers) {
    uint64_t most = (received + MAX_BEHIND) / load.subscribers;
    if (sent >= most) resting = true;
    if (resting && sent * load.subscribers > received + MAX_BEHIND / 2) return;
    resting = false;
    if (due > most) due = most;
  }
  for (int refused = 0; sent < due && refused < load.publishers; turn = (turn + 1) % load.publishers)
    refused = publish(clients[turn], now) ? 0 : refused + 1;
}

static void on_packet(Connection *c, uint8_t type, const uint8_t *body, uint64_t now) {
  if (type == PUBACK) {
    c->acked++;
    acked++;
    note(&ack_time, now - c->sent_at[body[0] << 8 | body[1]]);
  } else if ((type & 0xf0) == 0x30) {
    const uint8_t *payload = body + 2 + (body[0] << 8 | body[1]);
    if (type & 0x06) {
      uint8_t ack[] = {PUBACK, 2, payload[0], payload[1]};
      put(c, ack, sizeof ack);
      payload += 2;
    }
    received++;
    note(&delivery_time, now - read_digits(payload + 11, 16));
  }
}

static void receive(Connection *c, uint64_t now) {
  ssize_t n = read(c->fd, c->in + c->in_end, BUFFER - c->in_end);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) fail("the broker closed the connection");
  c->in_end += n;
  size_t start = 0;
  for (;;) {
    uint32_t length = 0;
    size_t at = start + 1;
    for (int shift = 0; at < c->in_end; shift += 7) {
      length |= (c->in[at] & 127) << shift;
      if (!(c->in[at++] & 128)) goto whole_head;
    }
    break;
  whole_head:
    if (at + length > c->in_end) break;
    on_packet(c, c->in[start], c->in + at, now);
    start = at + length;
  }
  memmove(c->in, c->in + start, c->in_end - start);
  c->in_end -= start;
}

// ── the run ──

// Writes what is buffered, waits until something comes or `until` (µs), and reads it.
static void turn(uint64_t until) {
  static struct pollfd polled[2 * MAX_CLIENTS];
  int count = load.publishers + load.subscribers;
  for (int i = 0; i < count; i++) {
    Connection *c = clients[i];
    flush(c);
    polled[i] = (struct pollfd){.fd = c->fd, .events = POLLIN | (c->out_end ? POLLOUT : 0)};
  }
  uint64_t now = now_us(), wait = until > now ? until - now : 0;
  struct timespec timeout = {.tv_sec = wait / 1000000, .tv_nsec = wait % 1000000 * 1000};
  if (ppoll(polled, count, &timeout, NULL) < 0) fail("poll");
  now = now_us();
  for (int i = 0; i < count; i++)
    if (polled[i].revents & ~POLLOUT) receive(clients[i], now);
}

static bool all_answered(void) { return acked == sent && received >= sent * load.subscribers; }

static bool parse(int argc, char **argv) {
  static const struct option options[] = {
      {"port", 1, 0, 'p'}, {"publishers", 1, 0, 'n'}, {"window", 1, 0, 'w'}, {"payload", 1, 0, 'b'}, {"subscribers", 1, 0, 's'},
      {"rate", 1, 0, 'r'}, {"count", 1, 0, 'c'},      {"warmup", 1, 0, 'u'}, {"seconds", 1, 0, 't'}, {"topic", 1, 0, 'o'},
      {0, 0, 0, 0},
  };
  for (int word; (word = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    if (word == 'p') load.port = atoi(optarg);
    else if (word == 'n') load.publishers = atoi(optarg);
    else if (word == 'w') load.window = atoi(optarg);
    else if (word == 'b') load.payload = atoi(optarg);
    else if (word == 's') load.subscribers = atoi(optarg);
    else if (word == 'r') load.rate = atof(optarg);
    else if (word == 'c') load.count = strtoull(optarg, NULL, 10), load.warmup = 0;
    else if (word == 'u') load.warmup = atof(optarg);
    else if (word == 't') load.seconds = atof(optarg);
    else if (word == 'o') load.topic = optarg;
    else return false;
  }
  return load.publishers > 0 && load.publishers <= MAX_CLIENTS && load.subscribers >= 0 &&
         load.subscribers <= MAX_CLIENTS && load.payload >= STAMP && load.payload <= MAX_PAYLOAD &&
         load.window > 0 && load.window < IDS && strlen(load.topic) <= 100;
}

static void connect_all(void) {
  char id[32];
  for (int i = 0; i < load.subscribers; i++) {
    snprintf(id, sizeof id, "bench-subscriber-%d", i);
    Connection *c = clients[load.publishers + i] = connect_client(id);
    subscribe(c);
    nonblocking(c);
  }
  for (int i = 0; i < load.publishers; i++) {
    snprintf(id, sizeof id, "bench-%d", i);
    Connection *c = clients[i] = connect_client(id);
    c->topic_length = snprintf(c->topic, sizeof c->topic, "%s/%d", load.topic, i);
    nonblocking(c);
  }
}

int main(int argc, char **argv) {
  if (!parse(argc, argv)) return fputs(usage, stderr), 2;
  connect_all();

  uint64_t begin = now_us(), now = begin, measured_from = begin + (uint64_t)(load.warmup * 1e6);
  uint64_t end = measured_from + (uint64_t)(load.seconds * 1e6), acked_before = 0, received_before = 0;
  bool warm = load.warmup == 0;
  while (load.count ? sent < load.count || !all_answered() : now < end) {
    if (!warm && now >= measured_from) {
      warm = true;
      measured_from = now;
      acked_before = acked;
      received_before = received;
      ack_time = delivery_time = (Histogram){0};
    }
    uint64_t due = load.count ? load.count : UINT64_MAX, wake = now + 100000;
    if (load.rate > 0) {
      uint64_t paced = (uint64_t)((now - begin) * load.rate / 1e6) + 1;
      if (paced < due) due = paced;
      wake = begin + (uint64_t)(due * 1e6 / load.rate);
    }
    publish_what_is_due(due, now);
    turn(wake);
    now = now_us();
  }
  double seconds = (now - measured_from) / 1e6;
  double ack_rate = (acked - acked_before) / seconds, receive_rate = (received - received_before) / seconds;
  while (!all_answered() && now_us() < now + PATIENCE_US) turn(now_us() + 10000);

  printf("{\"sent\":%" PRIu64 ",\"acked\":%" PRIu64 ",\"received\":%" PRIu64, sent, acked, received);
  printf(",\"seconds\":%.3f,\"acksPerSecond\":%.0f,\"receivedPerSecond\":%.0f", seconds, ack_rate, receive_rate);
  print_latency("ackMs", &ack_time);
  if (load.subscribers) print_latency("deliveryMs", &delivery_time);
  puts("}");
  return 0;
}
