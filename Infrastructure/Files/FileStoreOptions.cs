using System.ComponentModel.DataAnnotations;

namespace Messaging.Infrastructure.Files;

/// <summary>How files are kept. Bound from the configuration section <c>Messaging:Files</c>.</summary>
public sealed class FileStoreOptions
{
    /// <summary>The largest upload, in bytes. Default 4 GiB.</summary>
    [Range(1L, 1L << 40)]
    public long MaxBytes { get; set; } = 4L << 30;

    /// <summary>
    /// How many bytes all files together may have; an upload beyond is refused with 507. Default 64 GiB. What is being uploaded counts from its
    /// beginning if it says how long it is, otherwise every 8 to 256 MiB as it comes, and when it is complete. Inputs and results count, but are
    /// never refused. Deleted files no longer count, though their bytes may take minutes to go. They lie in Postgres: keep it well below its disk.
    /// </summary>
    [Range(1L, 1L << 50)]
    public long MaxTotalBytes { get; set; } = 64L << 30;

    /// <summary>
    /// Which media types may be uploaded: <c>image/png</c>, or <c>image/*</c>. Default none named: all may.
    /// </summary>
    public IList<string> MediaTypes { get; } = [];

    /// <summary>How long an upload stays. Default 30 days. Inputs and results stay as long as their task.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "36500.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How often it is looked for files that nobody needs any more, over all processes together. Default 1 minute.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan CleanEvery { get; set; } = TimeSpan.FromMinutes(1);
}
