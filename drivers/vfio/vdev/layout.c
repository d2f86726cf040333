// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * What configuration space holds after power-on: header and capabilities, laid
 * out from the model's declaration.
 *
 * Section numbers are those of the PCI Local Bus Specification 3.0 ("PCI"), the
 * PCI Bus Power Management Interface Specification 1.2 ("PM") and the PCI
 * Express Base Specification 2.1 ("PCIe").
 */
#include <linux/log2.h>
#include <linux/string.h>

#include "vdev_private.h"

#define CAP_START		0x40
#define CAP_ALIGN		16
#define EXT_CAP_START		0x100
#define EXT_CAP_ALIGN		16

#define EXP_SIZEOF_V2		0x3c

/* PCI 6.2.3: the error bits, whoever sets them, are cleared by writing 1 */
#define VDEV_STATUS_W1C		(PCI_STATUS_PARITY |			\
				 PCI_STATUS_SIG_TARGET_ABORT |		\
				 PCI_STATUS_REC_TARGET_ABORT |		\
				 PCI_STATUS_REC_MASTER_ABORT |		\
				 PCI_STATUS_SIG_SYSTEM_ERROR |		\
				 PCI_STATUS_DETECTED_PARITY)

/* Little-endian, anywhere. */
static void put(u8 *bytes, unsigned int offset, unsigned int width, u32 value)
{
	while (width--) {
		bytes[offset++] = value;
		value >>= 8;
	}
}

static void set(struct vdev *vdev, unsigned int offset, unsigned int width,
		u32 value)
{
	put(vdev->config, offset, width, value);
}

static void allow(struct vdev *vdev, unsigned int offset, unsigned int width,
		  u32 bits)
{
	put(vdev->config_write, offset, width, bits);
}

static void clear_by_one(struct vdev *vdev, unsigned int offset,
			 unsigned int width, u32 bits)
{
	put(vdev->config_w1c, offset, width, bits);
}

static void lay_out_command(struct vdev *vdev)
{
	u16 writable = PCI_COMMAND_MASTER | PCI_COMMAND_PARITY |
		       PCI_COMMAND_SERR;
	int i;

	for (i = 0; i < PCI_STD_NUM_BARS; i++) {
		if (vdev->model->bars[i].type == VDEV_BAR_IO)
			writable |= PCI_COMMAND_IO;
		else if (vdev->model->bars[i].type != VDEV_BAR_NONE)
			writable |= PCI_COMMAND_MEMORY;
	}
	if (vdev->model->rom.size)
		writable |= PCI_COMMAND_MEMORY;
	if (vdev->model->intx)
		writable |= PCI_COMMAND_INTX_DISABLE;

	allow(vdev, PCI_COMMAND, 2, writable);
	set(vdev, PCI_STATUS, 2, PCI_STATUS_CAP_LIST);
	clear_by_one(vdev, PCI_STATUS, 2, VDEV_STATUS_W1C);
}

static u32 bar_flags(const struct vdev_bar *bar)
{
	u32 flags = bar->prefetchable ? PCI_BASE_ADDRESS_MEM_PREFETCH : 0;

	if (bar->type == VDEV_BAR_IO)
		return PCI_BASE_ADDRESS_SPACE_IO;
	if (bar->type == VDEV_BAR_MEM64)
		flags |= PCI_BASE_ADDRESS_MEM_TYPE_64;
	return flags;
}

/*
 * PCI 6.2.5.1: software sizes a BAR by writing ones and reading back, so the
 * address bits below the size are hardwired to zero.
 */
static void lay_out_bars(struct vdev *vdev)
{
	u64 rom_size = vdev->region_size[VDEV_REGION_ROM];
	int i;

	for (i = 0; i < PCI_STD_NUM_BARS; i++) {
		const struct vdev_bar *bar = &vdev->model->bars[i];
		unsigned int offset = PCI_BASE_ADDRESS_0 + 4 * i;

		if (bar->type == VDEV_BAR_NONE)
			continue;
		set(vdev, offset, 4, bar_flags(bar));
		allow(vdev, offset, 4, ~(u32)(bar->size - 1));
		if (bar->type == VDEV_BAR_MEM64)
			allow(vdev, offset + 4, 4, ~0U);
	}
	if (rom_size)
		allow(vdev, PCI_ROM_ADDRESS, 4,
		      ~(u32)(rom_size - 1) | PCI_ROM_ADDRESS_ENABLE);
}

void vdev_lay_out_header(struct vdev *vdev)
{
	const struct vdev_model *model = vdev->model;

	set(vdev, PCI_VENDOR_ID, 2, model->vendor);
	set(vdev, PCI_DEVICE_ID, 2, model->device);
	lay_out_command(vdev);
	set(vdev, PCI_CLASS_REVISION, 4, model->class << 8 | model->revision);
	allow(vdev, PCI_CACHE_LINE_SIZE, 1, 0xff);
	lay_out_bars(vdev);
	set(vdev, PCI_SUBSYSTEM_VENDOR_ID, 2, model->subsystem_vendor);
	set(vdev, PCI_SUBSYSTEM_ID, 2, model->subsystem);
	if (model->intx) {
		allow(vdev, PCI_INTERRUPT_LINE, 1, 0xff);
		set(vdev, PCI_INTERRUPT_PIN, 1, 1);
	}
}

/**
 * struct cap_chain - where the next capability goes
 * @vdev: the device
 * @link: offset of the byte (or, extended, of the header) that points to it
 * @end: first free offset
 */
struct cap_chain {
	struct vdev *vdev;
	unsigned int link;
	unsigned int end;
};

static unsigned int add_cap(struct cap_chain *chain, u8 id, unsigned int size)
{
	unsigned int offset = chain->end;
	struct vdev *vdev = chain->vdev;

	set(vdev, chain->link, 1, offset);
	set(vdev, offset + PCI_CAP_LIST_ID, 1, id);
	chain->link = offset + PCI_CAP_LIST_NEXT;
	chain->end = round_up(offset + size, CAP_ALIGN);
	return offset;
}

/*
 * D0 and D3hot, no PME. No_Soft_Reset (PM 3.2.4): a return from D3hot keeps
 * the state, so a hypervisor does not take that for a way to reset us.
 */
static void add_pm(struct cap_chain *chain)
{
	unsigned int cap = add_cap(chain, PCI_CAP_ID_PM, PCI_PM_SIZEOF);
	struct vdev *vdev = chain->vdev;

	set(vdev, cap + PCI_PM_PMC, 2, 3);
	set(vdev, cap + PCI_PM_CTRL, 2, PCI_PM_CTRL_NO_SOFT_RESET);
	allow(vdev, cap + PCI_PM_CTRL, 2, PCI_PM_CTRL_STATE_MASK);
	vdev->pm_cap = cap;
}

/* PCI 6.8.1: 64-bit address, no per-vector masking */
static void add_msi(struct cap_chain *chain)
{
	unsigned int cap = add_cap(chain, PCI_CAP_ID_MSI, PCI_MSI_DATA_64 + 2);
	struct vdev *vdev = chain->vdev;

	set(vdev, cap + PCI_MSI_FLAGS, 2,
	    PCI_MSI_FLAGS_64BIT | ilog2(vdev->model->msi_vectors) << 1);
	allow(vdev, cap + PCI_MSI_FLAGS, 2,
	      PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE);
	allow(vdev, cap + PCI_MSI_ADDRESS_LO, 4, ~3U);
	allow(vdev, cap + PCI_MSI_ADDRESS_HI, 4, ~0U);
	allow(vdev, cap + PCI_MSI_DATA_64, 2, 0xffff);
	vdev->msi_cap = cap;
}

/* PCI 6.8.2 */
static void add_msix(struct cap_chain *chain)
{
	unsigned int cap = add_cap(chain, PCI_CAP_ID_MSIX,
				   PCI_CAP_MSIX_SIZEOF);
	const struct vdev_msix *msix = &chain->vdev->model->msix;
	struct vdev *vdev = chain->vdev;

	set(vdev, cap + PCI_MSIX_FLAGS, 2, msix->vectors - 1);
	allow(vdev, cap + PCI_MSIX_FLAGS, 2,
	      PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	set(vdev, cap + PCI_MSIX_TABLE, 4, msix->table | msix->bar);
	set(vdev, cap + PCI_MSIX_PBA, 4, msix->pba | msix->bar);
}

/*
 * PCIe 7.8: an endpoint with function level reset and a link of one lane that
 * is up. The error and link controls are there to be set; they do nothing.
 */
static void add_pcie(struct cap_chain *chain)
{
	unsigned int cap = add_cap(chain, PCI_CAP_ID_EXP, EXP_SIZEOF_V2);
	struct vdev *vdev = chain->vdev;

	set(vdev, cap + PCI_EXP_FLAGS, 2, 2 | PCI_EXP_TYPE_ENDPOINT << 4);
	set(vdev, cap + PCI_EXP_DEVCAP, 4,
	    PCI_EXP_DEVCAP_RBER | PCI_EXP_DEVCAP_FLR);
	set(vdev, cap + PCI_EXP_DEVCTL, 2,
	    PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_NOSNOOP_EN |
	    PCI_EXP_DEVCTL_READRQ_512B);
	allow(vdev, cap + PCI_EXP_DEVCTL, 2,
	      0xffff & ~PCI_EXP_DEVCTL_BCR_FLR & ~PCI_EXP_DEVCTL_AUX_PME &
	      ~PCI_EXP_DEVCTL_PHANTOM & ~PCI_EXP_DEVCTL_EXT_TAG);
	clear_by_one(vdev, cap + PCI_EXP_DEVSTA, 2,
		     PCI_EXP_DEVSTA_CED | PCI_EXP_DEVSTA_NFED |
		     PCI_EXP_DEVSTA_FED | PCI_EXP_DEVSTA_URD);
	set(vdev, cap + PCI_EXP_LNKCAP, 4,
	    PCI_EXP_LNKCAP_SLS_2_5GB | 1 << 4);
	set(vdev, cap + PCI_EXP_LNKSTA, 2,
	    PCI_EXP_LNKSTA_CLS_2_5GB | PCI_EXP_LNKSTA_NLW_X1);
	allow(vdev, cap + PCI_EXP_LNKCTL, 2,
	      PCI_EXP_LNKCTL_ASPMC | PCI_EXP_LNKCTL_RCB | PCI_EXP_LNKCTL_CCC |
	      PCI_EXP_LNKCTL_ES);
	set(vdev, cap + PCI_EXP_LNKCTL2, 2, PCI_EXP_LNKCTL2_TLS_2_5GT);
	vdev->pcie_cap = cap;
}

/* PCI 6.7: id, next, length, then whatever the vendor likes */
static void add_vendor(struct cap_chain *chain)
{
	const struct vdev_blob *blob = &chain->vdev->model->vendor_cap;
	unsigned int size = PCI_CAP_FLAGS + 1 + blob->size;
	unsigned int cap = add_cap(chain, PCI_CAP_ID_VNDR, size);

	set(chain->vdev, cap + PCI_CAP_FLAGS, 1, size);
	memcpy(&chain->vdev->config[cap + PCI_CAP_FLAGS + 1], blob->data,
	       blob->size);
}

/* PCIe 7.9.3: the first header is at 0x100; all but the last point on */
static unsigned int add_ext_cap(struct cap_chain *chain, u16 id,
				unsigned int size)
{
	unsigned int offset = chain->end;
	struct vdev *vdev = chain->vdev;

	if (chain->link)
		set(vdev, chain->link + 2, 2, offset << 4 | 1);
	set(vdev, offset, 4, 1 << 16 | id);
	chain->link = offset;
	chain->end = round_up(offset + size, EXT_CAP_ALIGN);
	return offset;
}

static void add_serial(struct cap_chain *chain)
{
	unsigned int cap = add_ext_cap(chain, PCI_EXT_CAP_ID_DSN,
				       PCI_EXT_CAP_DSN_SIZEOF);
	struct vdev *vdev = chain->vdev;

	set(vdev, cap + 4, 4, vdev->model->serial);
	set(vdev, cap + 8, 4, vdev->model->serial >> 32);
}

static void add_vendor_ext(struct cap_chain *chain)
{
	const struct vdev_blob *blob = &chain->vdev->model->vendor_ext_cap;
	unsigned int size = PCI_VNDR_HEADER + 4 + blob->size;
	unsigned int cap = add_ext_cap(chain, PCI_EXT_CAP_ID_VNDR, size);

	/* PCIe 7.19.2: id 0, revision 0, length */
	set(chain->vdev, cap + PCI_VNDR_HEADER, 4, size << 20);
	memcpy(&chain->vdev->config[cap + PCI_VNDR_HEADER + 4], blob->data,
	       blob->size);
}

/* Called with everything zeroed. */
void vdev_lay_out_caps(struct vdev *vdev)
{
	struct cap_chain chain = {
		.vdev = vdev,
		.link = PCI_CAPABILITY_LIST,
		.end = CAP_START,
	};
	struct cap_chain ext = { .vdev = vdev, .end = EXT_CAP_START };

	add_pm(&chain);
	if (vdev->model->msi_vectors)
		add_msi(&chain);
	if (vdev->model->msix.vectors)
		add_msix(&chain);
	if (vdev->model->pcie)
		add_pcie(&chain);
	if (vdev->model->vendor_cap.size)
		add_vendor(&chain);
	if (vdev->model->serial)
		add_serial(&ext);
	if (vdev->model->vendor_ext_cap.size)
		add_vendor_ext(&ext);
}
