"""The words of racing: frozen records and enums, no input or output."""
