/* The load: viewers that count what reaches them and how late, and producers that feed. 127.0.0.0/8 only.
 *
 *   load -p PORT -n VIEWERS -m CALLS [-k KEY] [-z µs]              only watch; standard input tells how much to expect
 *   load … -x post|socket -f interim|final -s SECONDS [-c PRODUCERS] [-w WINDOW] [-r EVENTS_PER_SECOND]
 *
 * Prints two lines of JSON: one when every viewer has its welcome and its history, one at the end. A line with a number
 * on standard input is how many messages to wait for; its end is ours. Times are CLOCK_MONOTONIC, ns: `@` and digits
 * in a message are when it was sent, or at a rate when it was due. -z looks for what has come only that often, so that
 * the server does not pay for waking us with each message. */
#include "load_peer.h"

static const char *WORDS = "so I was wondering whether the second invoice has it";

static void expect(void) {
    char line[64] = {0};
    if (read(0, line, 63) <= 0) exit(0);
    expected = strtoull(line, NULL, 10);
}
static void turn(int wait_ms) {
    struct epoll_event ready[512];
    int n = epoll_wait(ep, ready, 512, look_us && is_counting ? 0 : wait_ms);
    if (!n && look_us && is_counting) usleep(look_us);
    for (int i = 0; i < n; i++) {
        peer_t *p = ready[i].data.ptr;
        if (!p) expect();
        else if (p->state == CONNECTING && ready[i].events & (EPOLLERR | EPOLLHUP)) gone(p);
        else if (p->state == CONNECTING) connected(p);
        else if (p->state != GONE) readable(p);
    }
}
static void publish(peer_t *p, uint64_t due) {
    char said[600], body[900], out[2000];
    int call = published % calls, n, m = snprintf(said, sizeof said,
        "{\"segment_id\":\"s%lu\",\"speaker\":\"user\",\"content\":\"@%lu %s\",\"is_final\":%s,"
        "\"confidence\":0.953,\"segment_start\":5.2,\"segment_end\":7.1,\"language\":\"en-US\"}",
        is_final ? published : 0, due, WORDS, is_final ? "true" : "false");
    if (!strcmp(way, "post"))
        n = sprintf(out, "POST /api/v1/calls/sid/C%d/transcripts HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer "
                    "%s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", call, key, m, said);
    else {
        m = sprintf(body, "{\"type\":\"transcript\",\"id\":\"%lu\",\"call_sid\":\"C%d\",\"data\":%s}",
                    published, call, said);
        memcpy(out, (uint8_t[]){0x81, 0xfe, m >> 8, m, 0, 0, 0, 0}, 8); /* masked with 0: legal, and nothing to do */
        memcpy(out + 8, body, m);
        n = m + 8;
    }
    p->waiting++, p->sent_at = now(), published++;
    send_all(p, out, n);
}
static int by_size(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}
static double ms(const uint32_t *sorted, size_t n, double share) {
    return n ? sorted[(size_t)(share * (n - 1))] / 1e6 : 0;
}

static void measure(void) {
    double cpu_before = cpu();
    uint64_t start = now(), due = start, stop = start + seconds * 1e9, at;
    int next = 0;
    last_at = start;
    for (;;) {
        int wait_ms = 20, is_publishing = way && now() < stop;
        while (is_publishing && (!rate || due <= now())) {
            int tried = 0;
            for (; tried < producers && peers[viewers + next].waiting >= window; tried++) next = (next + 1) % producers;
            if (tried == producers || peers[viewers + next].state != OPEN) break;
            publish(&peers[viewers + next], rate ? due : now());
            next = (next + 1) % producers;
            if (rate) due += 1000000000ull / rate;
            is_publishing = now() < stop;
        }
        if (is_publishing && rate) wait_ms = due > now() + 1000000 ? (due - now()) / 1000000 : 0;
        turn(wait_ms);
        if (way && !is_publishing) expected = published * (viewers / calls);
        if (messages >= expected && answered == (way ? published : 0)) break;
        if (failed) break; /* somebody was sent away: not everything can arrive any more */
        at = now();
        if (!is_publishing && expected != UINT64_MAX && at > last_at + GIVE_UP_NS && at > stop + GIVE_UP_NS) break;
    }
    double wall = (now() - start) / 1e9;
    qsort(late, late_count, sizeof *late, by_size);
    qsort(took, took_count, sizeof *took, by_size);
    printf("{\"messages\":%lu,\"expected\":%lu,\"bytes\":%lu,\"published\":%lu,\"answered\":%lu,\"refused\":%lu,"
           "\"seconds\":%.4f,\"busy\":%.3f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,"
           "\"answer_p50_ms\":%.3f,\"answer_p99_ms\":%.3f}\n",
           messages, expected, bytes, published, answered, refused, wall, (cpu() - cpu_before) / wall,
           ms(late, late_count, .5), ms(late, late_count, .99), ms(took, took_count, .5), ms(took, took_count, .99));
    fflush(stdout);
}
int main(int argc, char **argv) {
    for (int o; (o = getopt(argc, argv, "p:n:m:k:z:x:f:s:c:w:r:")) != -1;) switch (o) {
        case 'p': port = atoi(optarg); break;
        case 'n': viewers = atoi(optarg); break;
        case 'm': calls = atoi(optarg); break;
        case 'k': key = optarg; break;
        case 'z': look_us = atoi(optarg); break;
        case 'x': way = optarg; break;
        case 'f': is_final = !strcmp(optarg, "final"); break;
        case 's': seconds = atof(optarg); break;
        case 'c': producers = atoi(optarg); break;
        case 'w': window = atol(optarg); break;
        case 'r': rate = atol(optarg); break;
        default: return 2;
    }
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    int all = viewers + (way ? producers : 0), begun = 0;
    peers = calloc(all + 1, sizeof *peers);
    late = malloc(SAMPLES * sizeof *late), took = malloc(SAMPLES * sizeof *took);
    ep = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(ep, EPOLL_CTL_ADD, 0, &e);
    uint64_t start = last_at = now();
    while (opened + failed < all || now() < last_at + SETTLED_NS) {
        while (begun < all && begun - opened - failed < OPENING_AT_ONCE) open_peer(begun++);
        turn(50);
    }
    printf("{\"open\":%d,\"failed\":%d,\"seconds\":%.3f,\"bytes\":%lu}\n",
           opened, failed, (last_at - start) / 1e9, bytes);
    fflush(stdout);
    bytes = 0, is_counting = 1;
    measure();
    while (read(0, buffer, BUFFER) > 0) {} /* nobody leaves before the server's costs are read */
    return 0;
}
