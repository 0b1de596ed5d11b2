"""The demo's second act: somebody leaves, from the notice to the last paper; one who is gone; an old quarrel settled.

Who comes in: `story`. Every step is an operation of a room, by the person whose task it is, at a moment of the demo's
clock. It promises that nothing here writes a row of its own, and that the platform is only ever spoken to over HTTP.
Scenes, in their order: `before`, `opening`, `notice_period`, `last_day`, `afterwards`, `ending`, `missing`, `earlier`.
"""
