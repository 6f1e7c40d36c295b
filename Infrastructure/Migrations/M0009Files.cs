using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Messaging.Infrastructure.Migrations;

/// <summary>Files and their chunks.</summary>
[DbContext(typeof(MessagingDbContext))]
[Migration("0009_files")]
public sealed class M0009Files : SqlMigration
{
    /// <inheritdoc/>
    protected override string File => "0009_files.sql";
}
