# SPDX-License-Identifier: GPL-2.0-only
#
# What the headers being built against offer, for compat.h. The headers are
# asked, not their version: distributions backport.
#
# $(call have,MACRO,header below include/linux,basic regular expression); make
# wants no parenthesis or comma in the expression: "." stands for them.
have = $(if $(shell grep -s '$(3)' $(srctree)/include/linux/$(2)),-D$(1))

ccflags-y += $(call have,HAVE_CRC32C_LE,crc32.h,__crc32c_le.u32 crc)
ccflags-y += $(call have,HAVE_EVENTFD_SIGNAL_COUNT,eventfd.h,eventfd_signal.struct eventfd_ctx .ctx. __u64 n)
ccflags-y += $(call have,HAVE_HRTIMER_SETUP,hrtimer.h,void hrtimer_setup.struct)
ccflags-y += $(call have,HAVE_SYSTEM_DFL_WQ,workqueue.h,struct workqueue_struct .system_dfl_wq)
ccflags-y += $(call have,HAVE_VFIO_IOMMUFD,vfio.h,.bind_iommufd..struct vfio_device)
ccflags-y += $(call have,HAVE_VFIO_IOMMUFD_DETACH,vfio.h,.detach_ioas..struct vfio_device)
ccflags-y += $(call have,HAVE_VFIO_REGION_INFO_CAPS,vfio.h,.get_region_info_caps..struct vfio_device)
ccflags-y += $(call have,HAVE_VFIO_DEVICE_INODE,vfio.h,struct inode .inode;)
ccflags-y += $(call have,HAVE_VM_FLAGS_SET,mm.h,void vm_flags_set.struct)
ccflags-y += $(call have,HAVE_VFIO_MIG_DATA_SIZE,vfio.h,.migration_get_data_size..struct vfio_device)
ccflags-y += $(call have,HAVE_VFIO_PRECOPY_V2,vfio.h,u8 precopy_info_v2;)
ccflags-y += $(call have,HAVE_IOVA_BITMAP_IN_IOMMUFD,iova_bitmap.h,CONFIG_IOMMUFD_DRIVER)
ccflags-y += $(call have,HAVE_IMPORT_NS_STRING,module.h,define MODULE_IMPORT_NS.ns..*MODULE_INFO.import_ns. ns.)
ccflags-y += $(call have,HAVE_ASSIGN_STR_SOURCE,../trace/stages/stage6_event_callback.h,define __assign_str.dst. src.)
