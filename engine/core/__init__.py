"""What every engine shares. Knows no engine and no other room."""
