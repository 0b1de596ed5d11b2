"""The demo: an invented firm lives through one month, and what it recorded is proved to a stranger.

Who comes in: `jieli demo`. Everything is invented here, comes out the same each time, and carries the demo's clock.
It promises to touch nothing but a home that is empty or that an earlier demo made. Modules: the firm (`people`,
`clients`, `things`, `hours`, `sheets`, `scans`), what is said (`scenes`, `hero`, `talk`, `traffic`, `oddities`,
`lines`, `calls`), and what is done (`grounds`, `events`, `evidence`, `children`, `story`).
"""
