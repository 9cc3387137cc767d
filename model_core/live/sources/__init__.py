"""Where trackers come from: OSC over UDP in two dialects, or a recording that is played."""
