"""What to ask and what to change: how an application may still become presentable."""
