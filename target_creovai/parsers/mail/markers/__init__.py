"""The lines by which mail clients announce a quoted mail: attributions, headers, separators."""
