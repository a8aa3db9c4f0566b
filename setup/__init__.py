"""Where the parts are put together: settings, the composition root, and the set-up scripts."""
