// What is searched for, and who matches it. Pure but for the input field that it reads.

const containing = (text) => (...words) => words.some((word) => word?.toLowerCase().includes(text));

/// The search for what stands in the field: null while it is empty, otherwise tests of the items of the document.
export function searchOf(field) {
  const text = field.value.trim().toLowerCase();
  if (!text) return null;
  const matches = containing(text);
  const isActor = (actor) => matches(actor.name, actor.type, actor.plugin, actor.state, actor.worker, actor.note);
  return {
    isActor,
    isLane: ({channel, reader}) => matches(channel.name, `${reader.actor}.${reader.port}`, channel.message_type),
    isSupervisor: (supervisor) => matches(supervisor.name, supervisor.parent),
    /// The actor that is meant: of that name, or with it in its name, or otherwise a match.
    best: (actors) => actors.find((actor) => actor.name.toLowerCase() === text) ??
      actors.find((actor) => matches(actor.name)) ?? actors.find(isActor),
  };
}
