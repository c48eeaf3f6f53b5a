"""Edge. PromQL, and the Go templates in the labels and annotations of alerts."""
