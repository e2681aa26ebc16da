/* One connection of the load, a viewer's or a producer's: opened, its frames and answers counted. No measuring. */
#pragma once
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define BUFFER (1 << 18)
#define PORTS_PER_ADDRESS 8000 /* of some 28,000: the server may have left some in TIME_WAIT */
#define OPENING_AT_ONCE 64
#define SETTLED_NS 600000000ull  /* without a byte: every welcome and history has come */
#define GIVE_UP_NS 10000000000ull
#define EVENT_BYTES 200 /* acks are shorter, and so is all else that comes once the history is through */
#define SAMPLES (1 << 22)

enum { CONNECTING, SHAKING, OPEN, GONE };
typedef struct {
    int fd, call, state, is_producer;
    long waiting; /* producer: sent and not answered */
    uint64_t left, sent_at; /* bytes of the current frame still to come; when the request was sent */
    int have;               /* bytes of a header or an answer that has come in part */
    uint8_t part[2048];
} peer_t;

static int port, viewers, calls = 1, producers = 1, look_us, is_final;
static long window = 64, rate;
static double seconds;
static const char *key = "", *way;
static peer_t *peers;
static int ep, is_counting, opened, failed;
static uint64_t messages, bytes, published, answered, refused, last_at, expected = UINT64_MAX;
static uint32_t *late, *took;
static size_t late_count, took_count;
static uint8_t buffer[BUFFER];
static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + t.tv_nsec;
}
static double cpu(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}
static void die(const char *what) { perror(what); exit(2); }
static void note(uint32_t *samples, size_t *count, uint64_t ns) {
    if (*count < SAMPLES) samples[(*count)++] = ns > UINT32_MAX ? UINT32_MAX : ns;
}
static void send_all(peer_t *p, const void *from, size_t n) {
    while (n) {
        ssize_t sent = send(p->fd, from, n, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) return;
        if (sent < 0) { usleep(100); continue; }
        from = (const char *)from + sent;
        n -= sent;
    }
}
static void gone(peer_t *p) {
    if (p->state == OPEN) opened--;
    failed++;
    p->state = GONE;
    close(p->fd);
}
static void open_peer(int i) {
    peer_t *p = &peers[i];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000002 + i / PORTS_PER_ADDRESS)};
    int one = 1;
    p->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (p->fd < 0) die("socket");
    setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(p->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (bind(p->fd, (void *)&from, sizeof from) < 0) die("bind");
    p->call = i % calls;
    p->is_producer = i >= viewers;
    if (connect(p->fd, (void *)&to, sizeof to) < 0 && errno != EINPROGRESS) { gone(p); return; }
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT, .data.ptr = p};
    epoll_ctl(ep, EPOLL_CTL_ADD, p->fd, &e);
}
static void connected(peer_t *p) {
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = p};
    epoll_ctl(ep, EPOLL_CTL_MOD, p->fd, &e);
    if (p->is_producer && !strcmp(way, "post")) { p->state = OPEN; opened++; return; }
    char path[300], ask[900];
    if (p->is_producer) snprintf(path, sizeof path, "/ingest?token=%s", key);
    else snprintf(path, sizeof path, "/live-transcript/C%d?token=%s", p->call, key);
    int n = snprintf(ask, sizeof ask, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                     "Sec-WebSocket-Version: 13\r\n\r\n", path, port);
    p->state = SHAKING;
    send_all(p, ask, n);
}
static void sample(const uint8_t *from, size_t n, uint64_t at) {
    const uint8_t *mark = memchr(from, '@', n), *end = from + n;
    uint64_t sent = 0;
    if (!mark) return;
    for (mark++; mark < end && *mark >= '0' && *mark <= '9'; mark++) sent = sent * 10 + (*mark - '0');
    if (sent && sent <= at) note(late, &late_count, at - sent);
}
static void framed(peer_t *p, const uint8_t *payload, uint64_t length, size_t here, uint64_t at) {
    if (p->is_producer) {
        answered++, p->waiting--;
        if (here >= length && memmem(payload, length, "\"error\"", 7)) refused++;
    } else if (is_counting && length >= EVENT_BYTES) {
        messages++, last_at = at;
        if (here >= length && (rate || messages % 16 == 0)) sample(payload, length, at);
    }
}
static void frames(peer_t *p, uint8_t *from, size_t n, uint64_t at) {
    uint8_t *end = from + n;
    while (from < end) {
        if (p->left) {
            uint64_t part = p->left < (uint64_t)(end - from) ? p->left : (uint64_t)(end - from);
            p->left -= part, from += part;
            continue;
        }
        p->part[p->have++] = *from++;
        int size = p->have < 2 ? 2 : (p->part[1] & 127) == 126 ? 4 : (p->part[1] & 127) == 127 ? 10 : 2;
        if (p->have < size) continue;
        uint64_t length = size == 2 ? p->part[1] & 127 : 0;
        for (int i = 2; i < size; i++) length = length << 8 | p->part[i];
        int opcode = p->part[0] & 15;
        p->have = 0, p->left = length;
        if (opcode == 8) { gone(p); return; }
        if (opcode == 9) send_all(p, "\x8a\x80\0\0\0\0", 6); /* a pong without the ping's payload: enough here */
        if (opcode < 3) framed(p, from, length, end - from, at);
    }
}
static void answers(peer_t *p, const uint8_t *from, size_t n, uint64_t at) {
    if (p->have + n >= sizeof p->part) die("an answer that long");
    memcpy(p->part + p->have, from, n);
    p->part[p->have += n] = 0;
    char *text = (char *)p->part, *body = strstr(text, "\r\n\r\n"), *length = strcasestr(text, "content-length:");
    if (!body || p->have < body + 4 - text + (length ? atoi(length + 15) : 0)) return;
    if (text[9] != '2') refused++;
    p->have = 0, p->waiting = 0, answered++;
    note(took, &took_count, at - p->sent_at);
}
static void readable(peer_t *p) {
    ssize_t n = recv(p->fd, buffer, BUFFER, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) { gone(p); return; }
    uint64_t at = now();
    uint8_t *from = buffer;
    bytes += n;
    if (!is_counting) last_at = at;
    if (p->state == SHAKING) {
        uint8_t *end = memmem(buffer, n, "\r\n\r\n", 4);
        if (!end || memcmp(buffer, "HTTP/1.1 101", 12)) { gone(p); return; }
        p->state = OPEN, opened++;
        n -= end + 4 - from, from = end + 4;
    }
    if (p->is_producer && !strcmp(way, "post")) answers(p, from, n, at);
    else frames(p, from, n, at);
}
