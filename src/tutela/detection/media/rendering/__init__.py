"""Renditions: what people may see of content, made small, covered and marked behind the walls."""
