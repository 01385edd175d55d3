// SPDX-License-Identifier: BSD-2-Clause
/*
 * Formatted output into a buffer.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct out {
	char *buf;
	size_t size, len;	/* len may pass size */
};

struct spec {
	bool left, zero;
	int width, precision;	/* precision -1: none */
	int longs;		/* -2 hh, -1 h, 0, 1 l or z, 2 ll */
};

static void put(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len] = c;
	o->len++;
}

static void put_padded(struct out *o, const struct spec *sp,
		       const char *sign, const char *s, size_t n)
{
	int pad = sp->width - (int)(n + strlen(sign));

	for (; !sp->left && !sp->zero && pad > 0; pad--)
		put(o, ' ');
	for (; *sign; sign++)
		put(o, *sign);
	for (; !sp->left && pad > 0; pad--)
		put(o, '0');
	for (; n; n--)
		put(o, *s++);
	for (; pad > 0; pad--)
		put(o, ' ');
}

static void put_number(struct out *o, const struct spec *sp, uint64_t v,
		       const char *sign, unsigned int base, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char tmp[24], *p = tmp + sizeof(tmp);

	do {
		*--p = digits[v % base];
		v /= base;
	} while (v);
	put_padded(o, sp, sign, p, tmp + sizeof(tmp) - p);
}

static const char *parse_int(const char *fmt, int *out)
{
	*out = 0;
	while (*fmt >= '0' && *fmt <= '9' && *out < 10000)
		*out = *out * 10 + (*fmt++ - '0');
	return fmt;
}

static const char *parse_spec(const char *fmt, struct spec *sp)
{
	*sp = (struct spec){ .precision = -1 };
	for (;; fmt++) {
		if (*fmt == '-')
			sp->left = true;
		else if (*fmt == '0')
			sp->zero = true;
		else
			break;
	}
	fmt = parse_int(fmt, &sp->width);
	if (*fmt == '.')
		fmt = parse_int(fmt + 1, &sp->precision);
	for (;; fmt++) {
		if (*fmt == 'l')
			sp->longs++;
		else if (*fmt == 'h')
			sp->longs--;
		else if (*fmt == 'z')
			sp->longs = 1;
		else
			break;
	}
	if (sp->left)
		sp->zero = false;
	return fmt;
}

static uint64_t truncate(uint64_t v, int longs)
{
	if (longs >= 1)
		return v;
	if (longs == 0)
		return (uint32_t)v;
	return longs == -1 ? (uint16_t)v : (uint8_t)v;
}

static int64_t truncate_signed(int64_t v, int longs)
{
	if (longs >= 1)
		return v;
	if (longs == 0)
		return (int32_t)v;
	return longs == -1 ? (int16_t)v : (int8_t)v;
}

static void put_string(struct out *o, struct spec *sp, const char *s)
{
	size_t max = sp->precision < 0 ? SIZE_MAX : (size_t)sp->precision;

	if (!s)
		s = "(null)";
	sp->zero = false;
	put_padded(o, sp, "", s, strnlen(s, max));
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct out o = { buf, size, 0 };

	for (; *fmt; fmt++) {
		struct spec sp;
		int64_t v;
		char c;

		if (*fmt != '%') {
			put(&o, *fmt);
			continue;
		}
		fmt = parse_spec(fmt + 1, &sp);
		switch (*fmt) {
		case 'd':
		case 'i':
			v = sp.longs >= 1 ? va_arg(ap, long) : va_arg(ap, int);
			v = truncate_signed(v, sp.longs);
			put_number(&o, &sp, v < 0 ? -(uint64_t)v : (uint64_t)v,
				   v < 0 ? "-" : "", 10, false);
			break;
		case 'u':
		case 'x':
		case 'X':
			v = sp.longs >= 1 ? va_arg(ap, unsigned long) :
					    va_arg(ap, unsigned int);
			put_number(&o, &sp, truncate(v, sp.longs), "",
				   *fmt == 'u' ? 10 : 16, *fmt == 'X');
			break;
		case 'p':
			put_number(&o, &sp, (uintptr_t)va_arg(ap, void *),
				   "0x", 16, false);
			break;
		case 'c':
			c = va_arg(ap, int);
			sp.zero = false;
			put_padded(&o, &sp, "", &c, 1);
			break;
		case 's':
			put_string(&o, &sp, va_arg(ap, const char *));
			break;
		case '\0':
			fmt--;
			break;
		case '%':
			put(&o, '%');
			break;
		default:
			put(&o, '%');
			put(&o, *fmt);
		}
	}
	if (size)
		buf[o.len < size ? o.len : size - 1] = '\0';
	return o.len;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}
