// The snapshot that the tests of all views start from: two actors, one channel, one supervisor.
#pragma once

#include "observe/snapshot.hpp"

namespace steady::test {

inline observe::ChannelReader reader_of(const std::string& actor, const std::string& port) {
  observe::ChannelReader reader;
  reader.actor = actor;
  reader.port = port;
  return reader;
}

inline observe::Snapshot small_snapshot() {
  observe::Snapshot snapshot;
  snapshot.name = "demo";
  snapshot.version = "0.1.0";
  snapshot.uptime_seconds = 12.5;
  snapshot.ready = true;
  snapshot.topology_version = 3;

  observe::ActorSnapshot source;
  source.name = "source";
  source.plugin = "numbers";
  source.type = "Count";
  source.state = "running";
  source.up = true;
  source.pid = 100;
  source.generation = 2;
  source.restarts = {{"crash", 2}};
  source.incidents = {{"watchdog", 3}};
  source.dead_letters = 4;
  source.steps = 7;
  observe::ActorSnapshot sink;
  sink.name = "sink";
  sink.type = "Print";
  sink.state = "failed";
  sink.reason = "crashed 6 times in 10 s";
  snapshot.actors = {source, sink};

  observe::ChannelSnapshot channel;
  channel.name = "source.numbers";
  channel.from_actor = "source";
  channel.from_port = "numbers";
  channel.message_type = "Number";
  channel.capacity_messages = 64;
  channel.capacity_bytes = 512;
  channel.messages_sent = 50;
  channel.fill_ratio = 0.5;
  channel.readers = {reader_of("sink", "lines")};
  channel.readers[0].messages_received = 18;
  channel.readers[0].bytes_received = 144;
  channel.readers[0].inflight_messages = 32;
  channel.readers[0].fill_ratio = 0.5;
  snapshot.channels = {channel};

  observe::SupervisorSnapshot root;
  root.name = "root";
  root.strategy = "one_for_one";
  root.intensity = 5;
  root.used = 2;
  root.period_seconds = 10;
  snapshot.supervisors = {root};
  return snapshot;
}

/// The channel has two triggers, one of them active; the first actor has one that is not.
inline observe::Snapshot snapshot_with_triggers() {
  observe::Snapshot snapshot = small_snapshot();
  snapshot.channels[0].triggers = {{"fill > 80%", "yellow", false, 0.5}, {"latency.p99 > 5ms", "red", true, 0.0081}};
  snapshot.actors[0].triggers = {{"cpu > 90%", "orange", false, std::nullopt}};
  return snapshot;
}

/// A channel whose messages have different sizes, from `actor`.out to nobody.
inline observe::ChannelSnapshot frame_channel(const std::string& actor) {
  observe::ChannelSnapshot channel;
  channel.name = actor + ".out";
  channel.from_actor = actor;
  channel.from_port = "out";
  channel.frames = true;
  channel.capacity_bytes = 1048576;
  return channel;
}

}  // namespace steady::test
