"""Long work, beside the pipeline: the past compared with grown lists, and decided about anew."""
