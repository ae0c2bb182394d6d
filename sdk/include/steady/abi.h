/*
 * The binary contract between steadyd-worker and a plugin. Plain C; a ten-minute read.
 *
 * You need this page only to write a plugin in another language than C++, or to know exactly what happens.
 * C++ authors include <steady/actor.hpp> and never see it.
 *
 * A plugin is a shared library with
 *   1. a stamp in the ELF section ".steady.abi" (STEADY_STAMP below), read from the file before any of the plugin's code
 *      runs: another ABI version is refused with both versions named;
 *   2. one exported function, `steady_plugin`, that returns what the library offers.
 *
 * The life of an actor, all on one thread:
 *   create -> start -> step ... step -> finish -> destroy
 * create binds the object to its host and io, and has no other effect. start, every step and finish are transactions:
 * when the call returns 0, the messages taken, the messages put and the state changed take effect at once; when it
 * returns anything else, throws nothing across this boundary, or the process dies, none of it does.
 *
 * Ownership: the plugin owns everything reachable from steady_plugin, until the process ends. The host owns steady_host
 * and steady_io, until destroy returns. Texts are UTF-8, zero-terminated unless a length is given.
 */
#ifndef STEADY_ABI_H
#define STEADY_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define STEADY_ABI_VERSION 1u

/* The first bytes that the host looks at. The name of the section and these 16 bytes never change. */
typedef struct steady_stamp {
  char magic[8]; /* "steadyd" and a zero */
  uint32_t size; /* sizeof(steady_stamp): 16 */
  uint32_t abi_version;
} steady_stamp;

#define STEADY_STAMP                                                                          \
  __attribute__((section(".steady.abi"), used)) static const steady_stamp steady_stamp_here = \
      {"steadyd", 16, STEADY_ABI_VERSION}

/* ---- what a plugin says of itself --------------------------------------------------------------------------------- */

typedef enum steady_field_type {
  STEADY_U8,
  STEADY_U16,
  STEADY_U32,
  STEADY_U64,
  STEADY_I8,
  STEADY_I16,
  STEADY_I32,
  STEADY_I64,
  STEADY_F32,
  STEADY_F64,
  STEADY_BOOL,
  STEADY_CHAR /* count > 1: text, padded with zeros */
} steady_field_type;

typedef struct steady_field {
  const char *name;
  uint32_t type;   /* steady_field_type */
  uint32_t offset; /* bytes from the start of the message */
  uint32_t count;  /* 1, or the length of an array */
} steady_field;

/* The layout of a fixed-size message. field_count 0: not described; only its name and size are compared. */
typedef struct steady_message {
  const char *name;
  uint32_t size;  /* bytes, a multiple of align */
  uint32_t align; /* 1 to 64 */
  const steady_field *fields;
  uint32_t field_count;
} steady_message;

typedef enum steady_direction { STEADY_INPUT, STEADY_OUTPUT } steady_direction;

typedef enum steady_kind {
  STEADY_MESSAGES, /* an array of fixed-size messages */
  STEADY_FRAMES,   /* byte strings, each behind a steady_frame, padded to 8 bytes */
  STEADY_ANY       /* inputs only: whatever the channel carries; steady_view says what that is */
} steady_kind;

#define STEADY_PORT_MANY 1u     /* an input with any number of lanes, one per channel */
#define STEADY_PORT_OPTIONAL 2u /* may stay unconnected; what is put into it then goes nowhere */

typedef struct steady_port {
  const char *name;
  const char *help; /* one sentence */
  uint32_t direction;
  uint32_t kind;
  uint32_t flags;
  steady_message message; /* when kind is STEADY_MESSAGES */
} steady_port;

typedef enum steady_parameter_type {
  STEADY_INTEGER,  /* signed 64 bits, decimal */
  STEADY_REAL,     /* double */
  STEADY_BOOLEAN,  /* true, false, yes, no, on, off */
  STEADY_TEXT,     /* any text */
  STEADY_DURATION, /* 250us, 1.5s */
  STEADY_SIZE      /* 512, 64Ki, 16MiB */
} steady_parameter_type;

typedef struct steady_parameter {
  const char *name;
  uint32_t type;
  uint32_t required;        /* 1: the configuration must give it; default_text is ignored */
  const char *default_text; /* as a user would write it */
  const char *help;         /* one sentence */
} steady_parameter;

typedef struct steady_metric {
  const char *name; /* exported as steady_user_NAME, counters with _total */
  const char *help;
  uint32_t is_counter; /* 1: a uint64_t that only grows; 0: a double */
} steady_metric;

typedef struct steady_host steady_host;
typedef struct steady_io steady_io;

#define STEADY_STATE_DURABLE 1u /* the state should outlive a clean stop and a reboot, unless the configuration differs */

/* One kind of actor. */
typedef struct steady_actor_type {
  uint32_t size; /* sizeof(steady_actor_type) */
  const char *name;
  const char *help;
  const steady_port *ports;
  uint32_t port_count;
  const steady_parameter *parameters;
  uint32_t parameter_count;
  const steady_metric *metrics;
  uint32_t metric_count;
  uint64_t state_size; /* bytes, a multiple of 8; 0: no state */
  uint32_t state_version;
  uint32_t state_flags;

  /* Returns the actor, or NULL after host->fail. Runs before any port holds anything. */
  void *(*create)(const struct steady_actor_type *type, const steady_host *host, steady_io *io);
  int (*start)(void *self);
  int (*step)(void *self);
  /* All inputs are closed and empty, or a source was asked to stop. 0: done; 1: call again once there is room;
     negative: failed. */
  int (*finish)(void *self);
  /* Fills io->state_next from a state of another version or size. 0: done; 1: cannot, keep the old one and refuse. */
  int (*migrate)(void *self, const void *old_state, uint64_t old_size, uint32_t old_version);
  void (*destroy)(void *self);
  void *user; /* the plugin's own */
} steady_actor_type;

typedef struct steady_plugin_info {
  uint32_t size; /* sizeof(steady_plugin_info) */
  uint32_t abi_version;
  const char *name;
  const char *version;
  const steady_actor_type *const *types;
  uint32_t type_count;
  const char *error; /* not NULL: why the types could not be listed */
} steady_plugin_info;

/* The one exported function: `steady_plugin`. Called once, before any actor is created. */
typedef const steady_plugin_info *(*steady_plugin_function)(void);

/* ---- what the host gives to an actor ------------------------------------------------------------------------------- */

/* The head of a frame in a channel; the bytes follow at once, the next frame at the next multiple of 8. */
typedef struct steady_frame {
  uint32_t length;       /* bytes */
  uint32_t sequence_low; /* low 32 bits of the frame's sequence number */
} steady_frame;

/*
 * One end of one channel during one step. The host fills it before the call; the actor only adds to used_*.
 * Input: [begin, begin + bytes) is readable. Output: writable. Always contiguous: no caller ever sees a wrap.
 */
typedef struct steady_view {
  unsigned char *begin;
  uint64_t bytes;
  uint64_t messages;      /* input: complete messages in `bytes`; output of messages: how many fit; of frames: 0 */
  uint64_t sequence;      /* number of the first message, counted since the channel was created */
  uint64_t used_bytes;    /* taken or put in this step */
  uint64_t used_messages; /* likewise */
  uint32_t closed;        /* input: nothing will follow what is there */
  uint32_t violated;      /* the actor sets 1: the peer wrote something impossible here */
  uint32_t kind;          /* STEADY_MESSAGES or STEADY_FRAMES: what flows here, also on a port declared STEADY_ANY */
  uint32_t refused;       /* output of frames: the actor sets 1 when it had a frame for which there is no room */
  uint64_t capacity_bytes; /* of the channel, however full it is */
  const steady_message *message; /* its layout, when kind is STEADY_MESSAGES */
} steady_view;

/*
 * One port: its lanes (one, or any number on an input with STEADY_PORT_MANY; 0 on an unconnected input). An unconnected
 * output has one lane all the same; what is put there goes nowhere.
 */
typedef struct steady_port_io {
  steady_view *lanes;
  uint32_t lane_count;
  uint32_t turn; /* the lane to serve first in this step; it moves on, so that none is starved */
} steady_port_io;

typedef enum steady_condition_kind {
  STEADY_WHEN_INPUT, /* at least `amount` messages wait on some lane of `port` */
  STEADY_WHEN_ROOM,  /* `port` has room for `amount` messages, or bytes of frames with their heads */
  STEADY_WHEN_TIMER  /* `amount` nanoseconds went by since the last step that this timer caused */
} steady_condition_kind;

typedef struct steady_condition {
  uint32_t kind;
  uint32_t clause; /* conditions of one clause must all hold; any clause is enough */
  uint32_t port;
  uint32_t fired;  /* the host sets 1 on a timer that caused this step */
  uint64_t amount;
} steady_condition;

#define STEADY_CONDITIONS_MAX 32u

struct steady_io {
  uint32_t size; /* sizeof(steady_io) */
  uint32_t port_count;
  steady_port_io *ports;        /* in the order of steady_actor_type.ports */
  const char *const *parameters; /* in the order of steady_actor_type.parameters; checked against their types */
  uint64_t generation;          /* how often this actor was started before; 0 at first */

  /* State: state_size bytes followed by one 8-byte word per metric. The first write of a step copies current to next
     (block_size bytes), sets touched, and then writes next; the commit makes it current. */
  const unsigned char *state_current;
  unsigned char *state_next;
  uint64_t block_size;
  uint32_t touched;
  uint32_t state_fresh; /* 1 until the first commit: nothing was ever stored */

  /* When to run. The actor may change it in create, start, step; the host then sets the change mark back to 0. */
  steady_condition conditions[STEADY_CONDITIONS_MAX];
  uint32_t condition_count; /* 0: any input has a message and every output has room for one */
  uint32_t conditions_changed;

  uint32_t finished; /* the actor sets 1: a source that has come to its end. Its outputs close with this step. */
  uint32_t stopping; /* the host sets 1: the service is stopping; a source should come to its end */
};

typedef enum steady_log_level { STEADY_DEBUG, STEADY_INFO, STEADY_WARN, STEADY_ERROR } steady_log_level;

struct steady_host {
  uint32_t size; /* sizeof(steady_host) */
  uint32_t abi_version;
  void *context; /* pass it as the first argument of each call */
  /* One line into steadyd's log, with the actor's name and generation. Not part of the transaction. */
  void (*log)(void *context, uint32_t level, const char *text, size_t length);
  /* A line of at most 127 bytes, shown on the actor's box in the graph. Not part of the transaction. */
  void (*note)(void *context, const char *text, size_t length);
  /* Why the call that now returns non-zero failed. */
  void (*fail)(void *context, const char *text, size_t length);
  /* Nanoseconds of the monotonic clock, or of a test's. */
  uint64_t (*now)(void *context);
};

#ifdef __cplusplus
}
#endif

#endif
