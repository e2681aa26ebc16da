/* The floor: what delivering costs where nothing is left to do but one send() for each viewer and event.
 *
 * It answers handshakes on /live-transcript/C…, and on `publish` from standard input makes events for SECONDS: BATCH
 * of them, then a look at what has come, as the loops of the others do, TICKS times a second at most (0: no bound). */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "accept_key.h"

typedef struct {
    int *files, count, room;
} call_t;

static call_t *calls;
static int call_count, ep, listening;
static const char *WORDS = "so I was wondering whether the second invoice has it";

static double setting(const char *name, double otherwise) {
    const char *text = getenv(name);
    return text ? atof(text) : otherwise;
}
static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + t.tv_nsec;
}
static size_t event(char *frame, int call, uint64_t seq) {
    int n = sprintf(frame + 4,
                    "{\"type\":\"transcript\",\"call_sid\":\"C%d\",\"timestamp\":\"2026-01-19T12:00:05.123+00:00\","
                    "\"replayed\":false,\"data\":{\"content\":\"@%lu %s\",\"speaker\":\"user\",\"is_final\":false,"
                    "\"confidence\":0.953,\"segment_start\":5.2,\"segment_end\":7.1,"
                    "\"created_at\":\"2026-01-19T12:00:05.100+00:00\",\"segment_id\":\"s0\",\"revision\":%lu,"
                    "\"language\":\"en-US\"}}",
                    call, now(), WORDS, seq);
    frame[0] = (char)0x81, frame[1] = 126, frame[2] = n >> 8, frame[3] = n;
    return n + 4;
}
static void publish(void) {
    int batch = setting("BATCH", 20), ticks = setting("TICKS", 0);
    uint64_t start = now(), stop = start + setting("SECONDS", 2) * 1e9, seq = 0, due = start, failed = 0;
    char frame[1024];
    struct epoll_event ready[64];
    while (now() < stop) {
        for (int i = 0; i < batch; i++, seq++) {
            call_t *call = &calls[seq % call_count];
            size_t n = event(frame, seq % call_count, seq);
            for (int j = 0; j < call->count; j++)
                failed += send(call->files[j], frame, n, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)n;
        }
        epoll_wait(ep, ready, 64, 0);
        due += ticks ? 1000000000ull / ticks : 0;
        if (ticks && due > now()) usleep((due - now()) / 1000);
    }
    printf("{\"published\":%lu,\"failed\":%lu}\n", seq, failed);
    fflush(stdout);
}
static void arrived(void) {
    int file = accept4(listening, NULL, NULL, SOCK_CLOEXEC), one = 1;
    if (file < 0) return;
    setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event e = {.events = EPOLLIN, .data.fd = file};
    epoll_ctl(ep, EPOLL_CTL_ADD, file, &e);
}
/* A whole handshake in one piece, or the end: nobody else calls. */
static void heard(int file) {
    char request[2048], answer[256], accept[29];
    ssize_t n = recv(file, request, sizeof request - 1, 0);
    request[n < 0 ? 0 : n] = 0;
    char *key = strcasestr(request, "sec-websocket-key: "), *path = strstr(request, "/live-transcript/C");
    if (n <= 0 || !key || !path) {
        close(file);
        return;
    }
    call_t *call = &calls[atoi(path + 18) % call_count];
    if (call->count == call->room) call->files = realloc(call->files, (call->room = call->room * 2 + 8) * sizeof(int));
    call->files[call->count++] = file;
    accept_key(key + 19, accept);
    int size = sprintf(answer, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       "Sec-WebSocket-Accept: %s\r\n\r\n", accept);
    send(file, answer, size, MSG_NOSIGNAL);
}
int main(void) {
    struct rlimit files = {0};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    signal(SIGPIPE, SIG_IGN);
    call_count = setting("CALLS", 1);
    calls = calloc(call_count, sizeof *calls);
    listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    if (bind(listening, (void *)&at, size) || listen(listening, 1024) || getsockname(listening, (void *)&at, &size)) {
        perror("listen");
        return 1;
    }
    ep = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event e = {.events = EPOLLIN, .data.fd = listening}, ready[64];
    epoll_ctl(ep, EPOLL_CTL_ADD, listening, &e);
    e.data.fd = 0;
    epoll_ctl(ep, EPOLL_CTL_ADD, 0, &e);
    printf("{\"port\":%d}\n", ntohs(at.sin_port));
    fflush(stdout);
    for (;;) {
        int n = epoll_wait(ep, ready, 64, -1);
        for (int i = 0; i < n; i++) {
            char line[64];
            int file = ready[i].data.fd;
            if (file == listening) arrived();
            else if (file != 0) heard(file);
            else if (read(0, line, sizeof line) <= 0) return 0;
            else publish();
        }
    }
}
